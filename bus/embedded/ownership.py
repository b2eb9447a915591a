"""Which partitions a member owns: claimed, read, handed over.

Each member reviews its share about once a second. It claims free partitions up to its
share; of what is over its share it reads no more, and gives it back once everything
that was handed out is committed or dropped, so that the next owner repeats nothing
that is still being worked on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bus.embedded.files import FileLock
from bus.embedded.membership import Membership
from bus.embedded.positions import Positions
from bus.embedded.storage import Storage
from bus.port import Record, TopicPartition
from model.clock import Clock
from model.errors import TocsinError

REVIEW_SECONDS = 1.0
REVIEW_SECONDS_IDLE = 0.1


class Claim:
    """A partition that this member owns, and how far it has been handed out."""

    def __init__(
        self, where: TopicPartition, lock: FileLock, storage: Storage, position: int
    ) -> None:
        self.where = where
        self.leaving = False
        self.aside = False
        self.committed = position
        self.handed_out = position
        self._lock = lock
        self._storage = storage
        self._checked = False

    def read(self, limit: int) -> list[Record]:
        """The next records, again and again until :attr:`handed_out` moves on."""
        segment = self._storage.segment(self.where)
        if not self._checked:
            # A file that is not durable may have lost its end with the power. What took
            # the place of those records has not been read yet.
            self.handed_out = min(self.handed_out, segment.end())
            self._checked = True
        return segment.read(self.handed_out, limit)

    def rewind(self) -> None:
        """Go back to what is committed."""
        self.handed_out = self.committed
        self._checked = False

    def put_aside(self) -> None:
        """Read no more of a damaged file until the next review opens it again."""
        self.aside = True
        self._checked = False
        self._storage.forget(self.where)

    def release(self) -> None:
        """Let another member have it."""
        self._lock.release()


class Ownership:
    """The claims of one member. Its methods raise LogUnavailable and StateError."""

    def __init__(
        self,
        topics: Sequence[str],
        membership: Membership,
        positions: Positions,
        storage: Storage,
        clock: Clock,
    ) -> None:
        self._topics = topics
        self._membership = membership
        self._positions = positions
        self._storage = storage
        self._clock = clock
        self._claims: dict[TopicPartition, Claim] = {}
        self._review_at = clock.monotonic()
        self._turn = 0

    def review(self) -> None:
        """Take and give back partitions, if it is time to."""
        now = self._clock.monotonic()
        if now < self._review_at:
            return
        self._review_at = now + REVIEW_SECONDS_IDLE
        wanted = [where for topic in self._topics for where in self._storage.partitions(topic)]
        share = self._membership.share(len(wanted))
        self._give_back_beyond(share)
        self._take(wanted, share)
        if self._claims:
            self._review_at = now + REVIEW_SECONDS

    def in_turn(self) -> list[Claim]:
        """The partitions to read from, beginning with another one at each call."""
        claims = [c for c in self._claims.values() if not (c.leaving or c.aside)]
        if len(claims) < 2:
            return claims
        self._turn = (self._turn + 1) % len(claims)
        return claims[self._turn :] + claims[: self._turn]

    def holds(self, where: TopicPartition) -> bool:
        """Whether this member owns the partition, be it on its way to another."""
        return where in self._claims

    def committed(self, positions: Mapping[TopicPartition, int]) -> None:
        """These positions are stored now."""
        for where, offset in positions.items():
            self._claims[where].committed = offset
        self._release_left()

    def rewind(self) -> None:
        """Go back to what is committed, in every partition."""
        for claim in self._claims.values():
            claim.rewind()
        self._release_left()

    def release_all(self) -> None:
        """Own nothing any more."""
        while self._claims:
            self._claims.popitem()[1].release()

    def _give_back_beyond(self, share: int) -> None:
        for number, claim in enumerate(self._claims.values()):
            claim.leaving = number >= share
            claim.aside = False
        self._release_left()

    def _release_left(self) -> None:
        for claim in list(self._claims.values()):
            if claim.leaving and claim.handed_out <= claim.committed:
                del self._claims[claim.where]
                claim.release()

    def _take(self, wanted: Sequence[TopicPartition], share: int) -> None:
        for where in wanted:
            if len(self._claims) >= share:
                return
            if where not in self._claims and (lock := self._membership.claim(where)):
                self._claims[where] = self._claim(where, lock)

    def _claim(self, where: TopicPartition, lock: FileLock) -> Claim:
        try:
            # Read only now: until the lock was ours, its owner may have committed.
            return Claim(where, lock, self._storage, self._positions.of(where))
        except TocsinError:
            lock.release()
            raise
