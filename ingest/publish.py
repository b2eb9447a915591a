"""From a source's batch into the log: posts as records, bad items as dead letters.

Everything of a batch goes out in one call. Where the log refuses a record, the halves
are tried, so that one post too large for the log stops no other.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bus.letters import letter_for_output, shortened, to_dead_topic
from bus.meter import Meter
from bus.observer import BatchSeen, Tracer
from bus.port import Log, Outgoing
from ingest.port import BadItem, Batch
from model.clock import Clock
from model.dead import DeadLetter
from model.errors import MalformedRecord, RecordError
from model.post import POST, Post
from model.topics import POSTS_DEAD, POSTS_RAW

STAGE = "ingest"


class Counts(msgspec.Struct, frozen=True):
    """Items that were read, and what became of them."""

    read: int = 0
    published: int = 0
    dead: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.read + other.read, self.published + other.published, self.dead + other.dead
        )


class Publisher:
    """Publishes batches. Belongs to one thread."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        *,
        meter: Meter | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._meter = meter or Meter(STAGE, clock)
        self._tracer = tracer

    def publish(self, batch: Batch, source: str) -> Counts:
        """Publish a source's batch; returns when it is durable.

        Raises LogUnavailable and StateError; then a part of the batch may be in the log,
        and publishing it again does no harm.
        """
        began_at, started = self._clock.now(), self._clock.monotonic()
        posts, unwritable = _records(batch.posts, source)
        bad = [*batch.bad, *unwritable]
        records = [*map(self._letter, bad), *posts]
        if not records:
            return Counts()
        dead = len(bad) + self._send(records)
        for item, letter in zip(bad, records, strict=False):
            self._meter.dead(f"{item.error}: {item.cause}", letter)
        published = len(records) - dead
        self._meter.batch(records, published, self._clock.monotonic() - started)
        if self._tracer is not None:
            ended_at = max(began_at, self._clock.now())
            self._tracer.batch(BatchSeen(STAGE, records, dead, began_at, ended_at))
        return Counts(len(records), published, dead)

    def _send(self, records: Sequence[Outgoing]) -> int:
        """Returns how many posts became dead letters because the log refused them."""
        try:
            self._log.publish(records)
        except RecordError as error:
            if len(records) > 1:
                middle = len(records) // 2
                return self._send(records[:middle]) + self._send(records[middle:])
            return self._send_instead(records[0], error)
        return 0

    def _send_instead(self, refused: Outgoing, error: RecordError) -> int:
        if refused.topic == POSTS_DEAD.name:
            self._send([shortened(refused)])
            return 0
        self._meter.dead(error, refused)
        self._send([to_dead_topic(letter_for_output(STAGE, refused, error, self._clock.now()))])
        return 1

    def _letter(self, item: BadItem) -> Outgoing:
        return to_dead_topic(
            DeadLetter(
                stage=STAGE,
                error=item.error,
                cause=item.cause,
                original=item.original,
                failed_at=self._clock.now(),
                origin=item.origin,
                key=item.origin,
            )
        )


def _records(posts: Sequence[Post], source: str) -> tuple[list[Outgoing], list[BadItem]]:
    """The posts as records, and those that cannot be one."""
    records: list[Outgoing] = []
    bad: list[BadItem] = []
    for post in posts:
        try:
            records.append(Outgoing(POSTS_RAW.name, post.uid, POST.encode(post)))
        except MalformedRecord as error:
            original = post.raw.data if post.raw else b""
            bad.append(BadItem(original, source, type(error).__name__, str(error)))
    return records, bad
