"""What the tests on a real Kafka share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable

from bus.kafka import KafkaConnection, KafkaLog, KafkaTuning
from bus.port import Consumer, Log, Outgoing, Record, Retention
from model.clock import SystemClock
from model.topics import Topic
from tests.servers.kafka import KafkaServer

PATIENCE = 90.0
"""Seconds after which something that must come is taken to be missing."""

TUNING = KafkaTuning(
    connect_seconds=5.0,
    request_seconds=5.0,
    patience_seconds=20.0,
    session_seconds=2.0,
    heartbeat_seconds=0.3,
    metadata_seconds=1.0,
    reconnect_seconds=0.3,
)
"""A client that is less patient than in service, so that a test sees what patience ends."""

LIMIT = 100_000


def connection_to(server: KafkaServer) -> KafkaConnection:
    """The listener without security."""
    return KafkaConnection(bootstrap_servers=(server.address,))


def open_log(connection: KafkaConnection, tuning: KafkaTuning = TUNING) -> KafkaLog:
    """A handle that is opened in real time."""
    return KafkaLog(connection, max_record_bytes=LIMIT, clock=SystemClock(), tuning=tuning)


def new_topic(log: Log, partitions: int = 2, **fields: object) -> Topic:
    """A topic of a fresh name."""
    topic = Topic(f"test-{uuid.uuid4().hex}", **fields)  # type: ignore[arg-type]
    log.create(topic, partitions=partitions, retention=Retention())
    return topic


def numbered(topic: Topic, numbers: Iterable[int], size: int = 0) -> list[Outgoing]:
    """A record for each number, under a key of its own, padded to a size."""
    return [Outgoing(topic.name, f"k{n}", (b"%d" % n).ljust(size, b" ")) for n in numbers]


def gather(consumer: Consumer, count: int) -> list[Record]:
    """Poll until so many records have come."""
    records: list[Record] = []

    def enough() -> bool:
        records.extend(consumer.poll(1_000, 0.2))
        return len(records) >= count

    until(enough, f"{count} records")
    return records


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came true"
        time.sleep(0.01)
