"""What people do with dead letters: look at them, and try them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from bus.letters import SOURCE_OF
from bus.port import Log, Outgoing, Record, Retention
from model.clock import Clock
from model.dead import DEAD_LETTER, DeadLetter
from model.encoding import SCHEMA_FIELD, Codec
from model.errors import RecordError, TocsinError
from model.topics import POSTS_DEAD, Topic

RETRIED = Topic("posts.dead.retried")
_PAGE = 500


class RetryRefused(TocsinError):
    """A dead letter cannot, or should not, be tried again."""


class DeadEntry(NamedTuple):
    """A dead letter, where it lies, and whether it has been tried again since."""

    partition: int
    offset: int
    letter: DeadLetter
    retried: bool


class _Retried(msgspec.Struct, frozen=True, kw_only=True, tag_field=SCHEMA_FIELD, tag="retried/1"):
    partition: int
    offset: int
    retried_at: int


_RETRIED: Codec[_Retried] = Codec(_Retried)


class DeadLetters:
    """The dead letters of a log. What was retried is remembered in a topic of its own."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._markers: set[tuple[int, int]] = set()
        self._markers_end = 0

    def newest(self, limit: int) -> list[DeadEntry]:
        """The last ones over all partitions, the newest first."""
        retried = self._retried()
        entries = [
            _entry(record, retried)
            for partition, end in self._log.ends(POSTS_DEAD.name).items()
            for record in self._log.read(POSTS_DEAD.name, partition, max(0, end - limit), limit)
        ]
        entries.sort(key=lambda entry: (entry.letter.failed_at, entry.offset), reverse=True)
        return entries[:limit]

    def all(self) -> Iterator[DeadEntry]:
        """Every one, the oldest of each partition first."""
        retried = self._retried()
        for partition in self._log.ends(POSTS_DEAD.name):
            for record in self._records(POSTS_DEAD.name, partition, 0):
                yield _entry(record, retried)

    def get(self, partition: int, offset: int) -> DeadEntry:
        """One of them. Raises RetryRefused when there is none."""
        found = self._log.read(POSTS_DEAD.name, partition, offset, 1)
        if not found or found[0].offset != offset:
            raise RetryRefused(
                f"there is no dead letter {partition}:{offset}",
                remedy="`tocsin dead list` shows those there are",
            )
        return _entry(found[0], self._retried())

    def retry(self, entry: DeadEntry, *, again: bool = False) -> None:
        """Publish the original once more, as a new record of the topic that it came from.

        A record of a derived topic goes into the source topic, from which the rest is
        derived anew. Raises RetryRefused for input that never became a record, and
        for a letter that was retried before unless ``again`` insists.
        """
        letter, name = entry.letter, f"dead letter {entry.partition}:{entry.offset}"
        if letter.topic is None:
            raise RetryRefused(
                f"{name} cannot be retried",
                cause=f"its input never became a whole record ({letter.origin or letter.stage})",
                remedy="Correct the input and read it in again; `tocsin dead show` has its bytes",
            )
        if not again and (entry.partition, entry.offset) in self._retried():
            raise RetryRefused(
                f"{name} has been retried already",
                remedy="If it failed once more, that is a dead letter of its own",
            )
        if not self._log.ends(RETRIED.name):
            self._log.create(RETRIED, partitions=1, retention=Retention())
        marker = _Retried(
            partition=entry.partition, offset=entry.offset, retried_at=self._clock.now()
        )
        topic = SOURCE_OF.get(letter.topic, letter.topic)
        self._log.publish(
            [
                Outgoing(topic, letter.key, letter.original),
                Outgoing(RETRIED.name, letter.key, _RETRIED.encode(marker)),
            ]
        )

    def _retried(self) -> set[tuple[int, int]]:
        """Partition and offset of what was retried. Reads only what is new since last time."""
        for record in self._records(RETRIED.name, 0, self._markers_end):
            marker = _RETRIED.decode(record.value)
            self._markers.add((marker.partition, marker.offset))
            self._markers_end = record.offset + 1
        return self._markers

    def _records(self, topic: str, partition: int, offset: int) -> Iterator[Record]:
        while page := self._log.read(topic, partition, offset, _PAGE):
            yield from page
            offset = page[-1].offset + 1


def _entry(record: Record, retried: set[tuple[int, int]]) -> DeadEntry:
    where = (record.partition, record.offset)
    return DeadEntry(*where, _letter(record), where in retried)


def _letter(record: Record) -> DeadLetter:
    """The letter; one that this version cannot read is shown as such, with its bytes."""
    try:
        return DEAD_LETTER.decode(record.value)
    except RecordError as error:
        return DeadLetter(
            stage="unknown",
            error=type(error).__name__,
            cause=str(error),
            original=record.value,
            failed_at=0,
            key=record.key,
        )
