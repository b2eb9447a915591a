"""The log in Kafka against the bare client library, on the same broker in the same run.

The bare loops do the least that moves the same records with the same safety: every
acknowledgement is waited for, every record is looked at.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing

import msgspec

from bus.kafka import KafkaConnection, KafkaLog, KafkaTuning
from bus.kafka.client import open_consumer, open_producer
from bus.kafka.frame import Arrived
from bus.kafka.library import KafkaPartition
from bus.port import Outgoing, Retention, TopicPartition
from model.clock import SystemClock
from model.topics import Topic
from tests.servers.kafka import start_kafka

RECORD_BYTES = 1_000
PARTITIONS = 6
AT_ONCE = 2_000
LIMIT = 1_000_000


class KafkaFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Records a second, the median of the rounds."""

    records: int
    rounds: int
    raw_publish: float
    publish: float
    raw_consume: float
    consume: float

    @property
    def publish_share(self) -> float:
        """Ours of the bare library's."""
        return self.publish / self.raw_publish

    @property
    def consume_share(self) -> float:
        """Ours of the bare library's."""
        return self.consume / self.raw_consume


def measure(records: int, rounds: int) -> KafkaFigures:
    """Start a broker, and publish and consume in turns, ours and bare."""
    server = start_kafka()
    try:
        connection = KafkaConnection(bootstrap_servers=(server.address,))
        taken: dict[str, list[float]] = {}
        _round(connection, min(records, 20_000))  # a cold broker is half as fast
        for _ in range(rounds):
            for name, rate in _round(connection, records).items():
                taken.setdefault(name, []).append(rate)
    finally:
        server.close()
    medians = {name: statistics.median(rates) for name, rates in taken.items()}
    return KafkaFigures(records=records, rounds=rounds, **medians)


def _round(connection: KafkaConnection, records: int) -> dict[str, float]:
    log = KafkaLog(connection, max_record_bytes=LIMIT, clock=SystemClock())
    with closing(log):
        bare, ours = (f"bench-{uuid.uuid4().hex}" for _ in range(2))
        for topic in (bare, ours):
            log.create(Topic(topic), partitions=PARTITIONS, retention=Retention())
        batches = _batches(ours, records)
        return {
            "raw_publish": _rate(records, lambda: _publish_bare(connection, bare, batches)),
            "publish": _rate(records, lambda: _publish(log, batches)),
            "raw_consume": _rate(records, lambda: _consume_bare(connection, bare, records)),
            "consume": _rate(records, lambda: _consume(log, ours, records)),
        }


def _batches(topic: str, records: int) -> list[list[Outgoing]]:
    batch = [
        Outgoing(topic, f"x:main:{n}", uuid.uuid4().hex.encode().ljust(RECORD_BYTES, b"."))
        for n in range(AT_ONCE)
    ]
    return [batch] * (records // AT_ONCE)


def _rate(records: int, action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return records / (time.perf_counter() - started)


def _publish(log: KafkaLog, batches: Sequence[Sequence[Outgoing]]) -> None:
    for batch in batches:
        log.publish(batch)


def _publish_bare(
    connection: KafkaConnection, topic: str, batches: Sequence[Sequence[Outgoing]]
) -> None:
    producer = open_producer(connection, KafkaTuning(), LIMIT)
    for batch in batches:
        futures = [
            producer.send(topic, key=r.key.encode(), value=r.value, partition=number % PARTITIONS)
            for number, r in enumerate(batch)
        ]
        producer.flush()
        for future in futures:
            future.get()
    producer.close()


def _consume(log: KafkaLog, topic: str, records: int) -> None:
    consumer = log.consumer(uuid.uuid4().hex, [topic])
    seen = size = 0
    while seen < records:
        batch = consumer.poll(AT_ONCE, 1.0)
        seen += len(batch)
        size += sum(len(record.value) for record in batch)
        last = {(record.topic, record.partition): record.offset + 1 for record in batch}
        consumer.commit({TopicPartition(*where): offset for where, offset in last.items()})
    consumer.close()
    assert size == records * RECORD_BYTES


def _consume_bare(connection: KafkaConnection, topic: str, records: int) -> None:
    consumer = open_consumer(connection, KafkaTuning(), uuid.uuid4().hex)
    consumer.subscribe([topic])
    seen = size = 0
    while seen < records:
        arrived: dict[KafkaPartition, list[Arrived]] = consumer.poll(1_000, max_records=AT_ONCE)
        for batch in arrived.values():
            seen += len(batch)
            size += sum(len(record.value or b"") for record in batch)
        if arrived:
            consumer.commit()
    consumer.close(autocommit=False)
    assert size == records * RECORD_BYTES
