"""How a Kafka cluster fares, and what we may do there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from bus.kafka.client import open_admin
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.errors import kafka_errors
from bus.kafka.library import KafkaAdminClient

NEEDED_RIGHTS = frozenset({"READ", "WRITE", "DESCRIBE"})


class TopicCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A topic by our name.

    ``copies`` is how many brokers should have each record, ``behind`` counts the partitions
    of which a copy is missing or late, ``leaderless`` those that nobody can use.
    ``lacking`` are rights that we need and do not have. No partitions: there is no topic.
    """

    name: str
    partitions: int = 0
    copies: int = 0
    behind: int = 0
    leaderless: int = 0
    lacking: tuple[str, ...] = ()


class KafkaCondition(msgspec.Struct, frozen=True):
    """A cluster: the version of its interface, its brokers, and the topics that were asked for."""

    version: tuple[int, ...]
    brokers: int
    topics: tuple[TopicCondition, ...]


def read_condition(
    connection: KafkaConnection, topics: Iterable[str], tuning: KafkaTuning
) -> KafkaCondition:
    """Ask the cluster. Raises LogUnavailable and ConfigurationError."""
    ours = {connection.named(topic): topic for topic in topics}
    admin = open_admin(connection, tuning)
    try:
        with kafka_errors("Kafka's condition cannot be read"):
            return _read(admin, ours)
    finally:
        admin.close()


def _read(admin: KafkaAdminClient, ours: dict[str, str]) -> KafkaCondition:
    brokers = [b for b in admin.describe_cluster()["brokers"] if not b["is_fenced"]]
    version = admin.get_broker_version_data(brokers[0]["broker_id"]).broker_version
    found = admin.describe_topics(list(ours))
    return KafkaCondition(
        version=tuple(version),
        brokers=len(brokers),
        topics=tuple(_topic(ours[topic["name"]], topic) for topic in found),
    )


def _topic(name: str, found: dict[str, Any]) -> TopicCondition:
    parts = found["partitions"]
    if not parts:
        return TopicCondition(name=name)
    rights = found.get("authorized_operations") or NEEDED_RIGHTS
    return TopicCondition(
        name=name,
        partitions=len(parts),
        copies=min(len(part["replica_nodes"]) for part in parts),
        behind=sum(len(part["isr_nodes"]) < len(part["replica_nodes"]) for part in parts),
        leaderless=sum(part["leader_id"] < 0 for part in parts),
        lacking=tuple(sorted(NEEDED_RIGHTS.difference(rights))),
    )
