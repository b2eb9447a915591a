"""The stage that puts enriched posts into the search index."""

from __future__ import annotations

from collections.abc import Sequence

from bus.port import Record
from bus.stage import Reject, Result
from index.port import Entry, IndexWriter
from model.clock import Clock
from model.errors import MalformedRecord
from model.topics import GROUP_INDEX, POSTS_ENRICHED

CROWD = 400
"""Records in a batch from which on the stage is taken to be behind."""

PATIENCE_BEHIND = 4
"""While it is behind, commits come this much later: a commit of a thousand posts costs
twice as much a post as one of five thousand, and nobody waits for a post that is late."""


class Indexer:
    """Writes each post and commits when enough has gathered or some time has passed.

    A commit costs the same for one post as for hundreds, so one is made after
    ``commit_records`` posts or ``commit_seconds``, whichever comes first; later while the
    stage is behind.
    """

    def __init__(
        self,
        writer: IndexWriter,
        *,
        clock: Clock,
        commit_records: int = 5_000,
        commit_seconds: float = 0.5,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._commit_records = commit_records
        self._commit_seconds = commit_seconds
        self._is_behind = False
        self._gathered = 0
        self._gathering_since = 0.0

    @property
    def name(self) -> str:
        """The consumer group."""
        return GROUP_INDEX

    @property
    def inputs(self) -> tuple[str, ...]:
        """Enriched posts, each with the post that it belongs to."""
        return (POSTS_ENRICHED.name,)

    def process(self, batch: Sequence[Record]) -> Result:
        """Write a batch. What cannot be indexed is rejected, and the rest is written.

        Raises IndexUnavailable; the same batch may then be given again.
        """
        if not batch:
            return Result()
        rejected = self._writer.write([Entry(record.base, record.value) for record in batch])
        if not self._gathered:
            self._gathering_since = self._clock.monotonic()
        self._gathered += len(batch)
        self._is_behind = len(batch) >= CROWD
        return Result(
            rejects=[Reject(batch[r.position], MalformedRecord(r.cause)) for r in rejected]
        )

    def settle(self, *, force: bool) -> bool:
        """Commit if it is time; True once nothing is left uncommitted.

        Raises IndexUnavailable, after which nothing is lost: the writer still has what
        it was given, and the next call tries again. A worker that rewinds to its last
        position instead does no harm either, since writing a post twice changes nothing.
        """
        if not self._gathered:
            return True
        if not (force or self._is_time()):
            return False
        self._writer.commit()
        self._gathered = 0
        return True

    def close(self) -> None:
        """Commit and release the index."""
        self._writer.close()

    def _is_time(self) -> bool:
        waited = self._clock.monotonic() - self._gathering_since
        patience = self._commit_seconds * (PATIENCE_BEHIND if self._is_behind else 1)
        return self._gathered >= self._commit_records or waited >= patience
