"""What the tests of the bus share: small topics, and records to fill them."""

from __future__ import annotations

from collections.abc import Iterable

from bus.port import Log, Outgoing, Record, Retention, TopicPartition
from model.topics import Topic

SOURCE = Topic("source")
DERIVED = Topic("derived", derives_from="source")


def create(
    log: Log, *topics: Topic, partitions: int = 1, retention: Retention | None = None
) -> None:
    """Make these topics."""
    for topic in topics:
        log.create(topic, partitions=partitions, retention=retention or Retention())


def fill(log: Log, topic: Topic, numbers: Iterable[int], size: int = 0) -> None:
    """Publish a record for each number, under a key of its own, padded to a size."""
    log.publish([Outgoing(topic.name, f"k{n}", (b"%d" % n).ljust(size, b" ")) for n in numbers])


def read_all(log: Log, topic: Topic) -> list[Record]:
    """Every record of a topic, one partition after the other."""
    return [
        record
        for partition in log.ends(topic.name)
        for record in log.read(topic.name, partition, 0, 1_000_000)
    ]


def numbers(records: Iterable[Record]) -> list[int]:
    """What :func:`fill` wrote."""
    return [int(record.value) for record in records]


def after(records: Iterable[Record]) -> dict[TopicPartition, int]:
    """The positions that follow these records."""
    return {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
