"""What ``tocsin doctor`` thinks of the servers of the profile ``stack``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from bus.kafka import KafkaTuning
from bus.kafka.condition import KafkaCondition, TopicCondition
from bus.kafka.condition import read_condition as read_kafka
from cli.findings import Finding, Verdict
from cli.stack import elastic_connection, hasty_kafka, kafka_connection
from cli.wiring import Wiring
from config.servers import KafkaSettings
from index.elastic.condition import ElasticCondition, NodeCondition
from index.elastic.condition import read_condition as read_elastic
from index.port import SearchRequest
from model.clock import SECOND
from model.topics import POSTS_DEAD, TOPICS
from store.condition import StoreCondition

OLDEST_KAFKA = (3, 0)
OLDEST_ELASTICSEARCH = 9
OLDEST_POSTGRESQL = 14
SKEW_WARNING = 2 * SECOND
SKEW_WRONG = 60 * SECOND
FREE_CONNECTIONS = 10
ROOM_WARNING = 0.15
"""Share of a disk; Elasticsearch itself begins to move shards away at this point."""
ROOM_WRONG = 0.06
"""At 0.05 Elasticsearch stops writing: its flood stage."""


def examine_store(wiring: Wiring) -> Iterator[Finding]:
    """The server of the operational record; opening it also brings its tables up to date."""
    condition = wiring.store.condition()
    if condition is None:
        remedy = "For more than one machine, name a PostgreSQL in store.url"
        yield Finding("operational record", "warning", "it is a file of this machine", remedy)
    else:
        yield from judge_store(condition, wiring.clock.now())


def examine_kafka(wiring: Wiring) -> Iterator[Finding]:
    """The brokers and our topics, which are made if they are missing."""
    settings = wiring.settings.kafka
    names = [topic.name for topic in TOPICS]
    patience = wiring.patience_seconds or KafkaTuning().patience_seconds
    read = partial(read_kafka, kafka_connection(settings), names, hasty_kafka(patience))
    condition = read()
    if not all(topic.partitions for topic in condition.topics):
        wiring.create_topics()
        condition = read()
    yield from judge_kafka(condition, settings)
    if dead := sum(wiring.log.ends(POSTS_DEAD.name).values()):
        remedy = "See `tocsin dead list`; mend the cause, then `tocsin dead retry`"
        yield Finding("Kafka", "warning", f"{dead:,} dead letters", remedy)


def examine_elastic(wiring: Wiring) -> Iterator[Finding]:
    """The nodes and our indices."""
    connection = elastic_connection(wiring.settings.elasticsearch)
    if wiring.patience_seconds is not None:
        connection = replace(connection, request_seconds=wiring.patience_seconds)
    condition = read_elastic(connection)
    yield from judge_elastic(condition, wiring.clock.now())
    total = wiring.search_index.count(SearchRequest())
    yield Finding("Elasticsearch", "well", f"{total:,} posts in {condition.indices:,} indices")


SERVERS: tuple[tuple[str, Callable[[Wiring], Iterator[Finding]]], ...] = (
    ("PostgreSQL", examine_store),
    ("Kafka", examine_kafka),
    ("Elasticsearch", examine_elastic),
)
"""The checks of the servers, in the order in which they are made."""


def judge_skew(what: str, ours: int, theirs: int) -> Iterator[Finding]:
    """A server's clock beside ours, both in UTC microseconds."""
    skew = abs(ours - theirs)
    if skew < SKEW_WARNING:
        return
    detail = f"its clock is {skew / SECOND:,.0f} s {'ahead of' if theirs > ours else 'behind'} ours"
    verdict: Verdict = "wrong" if skew >= SKEW_WRONG else "warning"
    yield Finding(what, verdict, detail, "Set the time of both machines (NTP)")


def judge_store(condition: StoreCondition, now: int) -> Iterator[Finding]:
    """The server of the operational record."""
    what = "PostgreSQL"
    if condition.major < OLDEST_POSTGRESQL:
        remedy = f"Upgrade the server: Tocsin is tested from version {OLDEST_POSTGRESQL} on"
        yield Finding(what, "wrong", f"version {condition.version} is too old", remedy)
    if condition.encoding != "UTF8":
        remedy = "Create the database anew with ENCODING 'UTF8' and restore the backup into it"
        yield Finding(what, "wrong", f"its encoding is {condition.encoding}", remedy)
    if condition.standby:
        yield Finding(what, "wrong", "it is a standby", "Name the primary server in store.url")
    if not condition.owner:
        remedy = "Make the user of store.url the owner of the database"
        yield Finding(what, "wrong", "our user may not make tables", remedy)
    if not condition.durable:
        remedy = "Set fsync and synchronous_commit to on"
        yield Finding(what, "warning", "a power cut may lose what was committed", remedy)
    free = condition.max_connections - condition.connections
    if free < FREE_CONNECTIONS:
        detail = f"{free} of {condition.max_connections} connections are free"
        yield Finding(what, "warning", detail, "Raise max_connections, and restart the server")
    yield from judge_skew(what, now, condition.clock)
    size = f"{condition.bytes / 1e6:,.0f} MB"
    used = f"{condition.connections} of {condition.max_connections} connections"
    yield Finding(what, "well", f"version {condition.version}, {size}, {used}")


def judge_kafka(condition: KafkaCondition, settings: KafkaSettings) -> Iterator[Finding]:
    """The brokers, and each topic that is not as it should be."""
    what = "Kafka"
    version = ".".join(map(str, condition.version))
    if condition.version < OLDEST_KAFKA:
        yield Finding(what, "wrong", f"version {version} is too old", "Upgrade the brokers")
    copies = settings.replication_factor
    if condition.brokers < copies:
        detail = f"{condition.brokers} brokers for kafka.replication_factor {copies}"
        yield Finding(what, "wrong", detail, "Start the brokers that are down, or lower it")
    if copies == 1 < condition.brokers:
        remedy = "Set kafka.replication_factor before the topics are made: 3 on three brokers"
        yield Finding(what, "warning", "one broker that is lost loses records", remedy)
    for topic in condition.topics:
        yield from _judge_topic(topic, settings)
    yield Finding(what, "well", f"interface {version}, {condition.brokers} brokers")


def _judge_topic(topic: TopicCondition, settings: KafkaSettings) -> Iterator[Finding]:
    what = f"topic {topic.name}"
    if topic.lacking:
        remedy = "Give the user of kafka.username these rights (kafka-acls)"
        yield Finding(what, "wrong", f"we may not {', '.join(topic.lacking)}", remedy)
    if topic.leaderless:
        detail = f"{topic.leaderless} partitions have no leader"
        yield Finding(what, "wrong", detail, "Start the brokers that are down")
    elif topic.behind:
        detail = f"{topic.behind} partitions lack a copy"
        yield Finding(what, "warning", detail, "Start the brokers that are down")
    if topic.partitions and topic.partitions != settings.partitions:
        detail = f"{topic.partitions} partitions, where kafka.partitions is {settings.partitions}"
        yield Finding(what, "wrong", detail, "Set kafka.partitions to what is there")
    if 0 < topic.copies < settings.replication_factor:
        detail = f"{topic.copies} copies, where kafka.replication_factor is larger"
        yield Finding(what, "warning", detail, "Reassign it with kafka-reassign-partitions")


def judge_elastic(condition: ElasticCondition, now: int) -> Iterator[Finding]:
    """The cluster, its nodes, and indices that cannot be written."""
    what = "Elasticsearch"
    if condition.status == "red":
        remedy = "Start the nodes that are down; see GET _cluster/allocation/explain"
        yield Finding(what, "wrong", "some posts cannot be searched (status red)", remedy)
    elif condition.status == "yellow":
        detail = f"{condition.unassigned_shards} copies of shards have no node"
        remedy = "Start the nodes that are down, or lower elasticsearch.replicas"
        yield Finding(what, "warning", detail, remedy)
    if condition.blocked:
        remedy = "Make room on its disks; Elasticsearch then lifts the block by itself"
        names = ", ".join(condition.blocked[:3])
        detail = f"{len(condition.blocked)} indices must not be written: {names}"
        yield Finding(what, "wrong", detail, remedy)
    if condition.outdated:
        detail = f"{len(condition.outdated)} indices have an older mapping"
        yield Finding(what, "warning", detail, "Run: tocsin index rebuild")
    for node in condition.nodes:
        yield from _judge_node(node, now)
    versions = ", ".join(sorted({node.version for node in condition.nodes}))
    yield Finding(what, "well", f"version {versions}, {len(condition.nodes)} nodes")


def _judge_node(node: NodeCondition, now: int) -> Iterator[Finding]:
    what = f"Elasticsearch node {node.name}"
    if int(node.version.partition(".")[0]) < OLDEST_ELASTICSEARCH:
        remedy = f"Upgrade it to {OLDEST_ELASTICSEARCH}"
        yield Finding(what, "wrong", f"version {node.version} is too old", remedy)
    room = node.free_bytes / node.total_bytes if node.total_bytes else 1.0
    if room < ROOM_WARNING:
        verdict: Verdict = "wrong" if room < ROOM_WRONG else "warning"
        detail = f"{room:.0%} of its disk is free ({node.free_bytes / 1e9:,.1f} GB)"
        yield Finding(what, verdict, detail, "Make room before Elasticsearch stops writing at 5%")
    yield from judge_skew(what, now, node.clock)
