"""What the parts of the contract of the log share: fixtures, and ways to read and wait."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from bus.port import Consumer, Log, Outgoing, Record, Retention, TopicPartition
from model.topics import Topic
from tests.contracts.log_processes import PATIENCE

OpenLog = Callable[[], Log]

PARTITIONS = 4
KEEP = Retention()
AWKWARD_KEYS = ("", "\0", "a\0b", "x:main:1", "ключ", "🔥" * 50, "e\u0301", "\u202eabc", "'\";--")


def gather(consumer: Consumer, count: int) -> list[Record]:
    """Poll until so many records have come."""
    deadline = time.monotonic() + PATIENCE
    records: list[Record] = []
    while len(records) < count:
        assert time.monotonic() < deadline, f"only {len(records)} of {count} records came"
        records += consumer.poll(1_000, 0.2)
    return records


def after(records: Iterable[Record]) -> dict[TopicPartition, int]:
    """The positions that follow these records."""
    return {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}


def numbered(topic: Topic, keys: Sequence[str], count: int) -> list[Outgoing]:
    """Records whose values count up, dealt out to the keys in turn."""
    return [Outgoing(topic.name, keys[n % len(keys)], b"%d" % n) for n in range(count)]


def by_key(records: Iterable[Record]) -> dict[str, list[bytes]]:
    """The values of each key, in the order in which they came."""
    values: dict[str, list[bytes]] = {}
    for record in records:
        values.setdefault(record.key, []).append(record.value)
    return values


class LogBench:
    """A log, a second handle on it, and fresh names."""

    @pytest.fixture
    def open_log(self) -> OpenLog:
        """How a process opens the log. Each call is another handle on the same log."""
        raise NotImplementedError

    @pytest.fixture
    def log(self, open_log: OpenLog) -> Iterator[Log]:
        with contextlib.closing(open_log()) as log:
            yield log

    @pytest.fixture
    def other(self, open_log: OpenLog) -> Iterator[Log]:
        """The same log as another process has it."""
        with contextlib.closing(open_log()) as log:
            yield log

    @pytest.fixture
    def topic(self, log: Log) -> Topic:
        topic = Topic(f"contract-{uuid.uuid4().hex}")
        log.create(topic, partitions=PARTITIONS, retention=KEEP)
        return topic

    @pytest.fixture
    def derived(self, log: Log, topic: Topic) -> Topic:
        derived = Topic(f"{topic.name}.more", derives_from=topic.name)
        log.create(derived, partitions=PARTITIONS, retention=KEEP)
        return derived

    @pytest.fixture
    def group(self) -> str:
        return f"group-{uuid.uuid4().hex}"
