"""The log that the runner is tested with: the embedded one, and one that fails on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bus.embedded import EmbeddedLog
from bus.port import Consumer, Log, Outgoing, Record, Retention
from model.dead import DEAD_LETTER, DeadLetter
from model.errors import LogUnavailable
from model.post import POST, Post
from model.topics import POSTS_DEAD, POSTS_RAW, Topic


def open_log(folder: Path, *, max_record_bytes: int = 4_194_304) -> EmbeddedLog:
    """A log with the topics that intake writes."""
    log = EmbeddedLog(folder, max_record_bytes=max_record_bytes)
    for topic in (POSTS_RAW, POSTS_DEAD):
        log.create(topic, partitions=1, retention=Retention())
    return log


def posts(log: Log) -> list[Post]:
    """Every post in the log, in order."""
    return [POST.decode(record.value) for record in log.read(POSTS_RAW.name, 0, 0, 1_000_000)]


def letters(log: Log) -> list[DeadLetter]:
    """Every dead letter in the log, in order."""
    records = log.read(POSTS_DEAD.name, 0, 0, 1_000_000)
    return [DEAD_LETTER.decode(record.value) for record in records]


class UnsteadyLog:
    """Passes everything on; ``failures`` is how many publications fail before one works,
    ``watch`` is called before each."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.failures = 0
        self.watch: Callable[[], None] = lambda: None
        self.published: list[int] = []

    def publish(self, records: Sequence[Outgoing]) -> None:
        self.watch()
        if self.failures:
            self.failures -= 1
            raise LogUnavailable("the log has no room")
        self._log.publish(records)
        self.published.append(len(records))

    def create(self, topic: Topic, *, partitions: int, retention: Retention) -> None:
        self._log.create(topic, partitions=partitions, retention=retention)

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        return self._log.consumer(group, topics)

    def ends(self, topic: str) -> Mapping[int, int]:
        return self._log.ends(topic)

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        return self._log.positions(group, topic)

    def lag(self, group: str, topic: str) -> int:
        return self._log.lag(group, topic)

    def read(self, topic: str, partition: int, offset: int, max_records: int) -> list[Record]:
        return self._log.read(topic, partition, offset, max_records)

    def prune(self, now: int) -> int:
        return self._log.prune(now)

    def close(self) -> None:
        self._log.close()
