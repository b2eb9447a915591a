"""What the doctor thinks of a server's condition, whatever server it is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from bus.kafka.condition import KafkaCondition, TopicCondition
from cli.doctor_stack import judge_elastic, judge_kafka, judge_store
from cli.findings import Finding
from config.servers import KafkaSettings
from index.elastic.condition import ElasticCondition, NodeCondition
from model.clock import SECOND
from store.condition import StoreCondition

NOW = 1_790_000_000 * SECOND
STORE = StoreCondition(
    version="16.2",
    major=16,
    clock=NOW,
    encoding="UTF8",
    standby=False,
    durable=True,
    owner=True,
    connections=20,
    max_connections=100,
    bytes=1_000_000,
)
NODE = NodeCondition("one", "9.5.3", NOW, 80, 100)
ELASTIC = ElasticCondition(
    status="green", unassigned_shards=0, nodes=(NODE,), indices=3, blocked=(), outdated=()
)
TOPIC = TopicCondition(name="posts.raw", partitions=6, copies=3)
KAFKA = KafkaSettings(replication_factor=3)


def verdicts(found: Iterable[Finding]) -> dict[str, str]:
    """Of what is not well, the verdict by what is said; each with a remedy."""
    troubles = [finding for finding in found if finding.verdict != "well"]
    assert all(finding.remedy for finding in troubles)
    return {finding.detail: finding.verdict for finding in troubles}


def test_servers_that_are_well() -> None:
    assert verdicts(judge_store(STORE, NOW + SECOND)) == {}
    assert verdicts(judge_elastic(ELASTIC, NOW - SECOND)) == {}
    assert verdicts(judge_kafka(KafkaCondition((4, 3), 3, (TOPIC,)), KAFKA)) == {}


@pytest.mark.parametrize(
    ("changed", "words", "verdict"),
    [
        ({"major": 12, "version": "12.1"}, "version 12.1 is too old", "wrong"),
        ({"encoding": "SQL_ASCII"}, "SQL_ASCII", "wrong"),
        ({"standby": True}, "standby", "wrong"),
        ({"owner": False}, "may not make tables", "wrong"),
        ({"durable": False}, "power cut", "warning"),
        ({"connections": 95}, "5 of 100 connections", "warning"),
        ({"clock": NOW - 10 * SECOND}, "10 s behind ours", "warning"),
        ({"clock": NOW + 600 * SECOND}, "600 s ahead of ours", "wrong"),
    ],
)
def test_postgresql(changed: dict[str, object], words: str, verdict: str) -> None:
    found = verdicts(judge_store(msgspec.structs.replace(STORE, **changed), NOW))
    assert [v for detail, v in found.items() if words in detail] == [verdict]


@pytest.mark.parametrize(
    ("changed", "words", "verdict"),
    [
        ({"status": "red"}, "cannot be searched", "wrong"),
        ({"status": "yellow", "unassigned_shards": 4}, "4 copies", "warning"),
        ({"blocked": ("posts-1",)}, "posts-1", "wrong"),
        ({"outdated": ("posts-1-v0",)}, "older mapping", "warning"),
        (
            {"nodes": (msgspec.structs.replace(NODE, version="8.19.0"),)},
            "8.19.0 is too old",
            "wrong",
        ),
        ({"nodes": (msgspec.structs.replace(NODE, free_bytes=4),)}, "4% of its disk", "wrong"),
        ({"nodes": (msgspec.structs.replace(NODE, free_bytes=12),)}, "12% of its disk", "warning"),
        (
            {"nodes": (msgspec.structs.replace(NODE, clock=NOW - 99 * SECOND),)},
            "99 s behind",
            "wrong",
        ),
    ],
)
def test_elasticsearch(changed: dict[str, object], words: str, verdict: str) -> None:
    found = verdicts(judge_elastic(msgspec.structs.replace(ELASTIC, **changed), NOW))
    assert [v for detail, v in found.items() if words in detail] == [verdict]


@pytest.mark.parametrize(
    ("version", "brokers", "changed", "words", "verdict"),
    [
        ((2, 8), 3, {}, "version 2.8 is too old", "wrong"),
        ((4, 3), 2, {}, "2 brokers for kafka.replication_factor 3", "wrong"),
        ((4, 3), 3, {"lacking": ("WRITE",)}, "may not WRITE", "wrong"),
        ((4, 3), 3, {"leaderless": 2}, "2 partitions have no leader", "wrong"),
        ((4, 3), 3, {"behind": 2}, "2 partitions lack a copy", "warning"),
        ((4, 3), 3, {"partitions": 2}, "2 partitions, where", "wrong"),
        ((4, 3), 3, {"copies": 1}, "1 copies, where", "warning"),
    ],
)
def test_kafka(
    version: tuple[int, ...], brokers: int, changed: dict[str, object], words: str, verdict: str
) -> None:
    topic = msgspec.structs.replace(TOPIC, **changed)
    found = verdicts(judge_kafka(KafkaCondition(version, brokers, (topic,)), KAFKA))
    assert [v for detail, v in found.items() if words in detail] == [verdict]


def test_one_copy_on_several_brokers_is_a_risk() -> None:
    found = verdicts(judge_kafka(KafkaCondition((4, 3), 3, ()), KafkaSettings()))
    assert list(found.values()) == ["warning"]
