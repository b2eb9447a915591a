"""One member of a consumer group: reads the partitions that it owns, in turns."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from bus.embedded.membership import Membership
from bus.embedded.ownership import Claim, Ownership
from bus.embedded.positions import Positions
from bus.embedded.storage import Storage
from bus.port import Record, TopicPartition
from model.clock import Clock
from model.errors import StateCorrupt

WAIT_FLOOR = 0.005
WAIT_CEILING = 0.020


class EmbeddedConsumer:
    """Implements :class:`bus.port.Consumer`.

    A partition whose file is damaged is put aside, so that the others flow on: the poll
    that meets it raises StateCorrupt, and so does one about every second from then on.
    """

    def __init__(self, group: str, topics: Sequence[str], storage: Storage, clock: Clock) -> None:
        folder = storage.group_folder(group)
        self._clock = clock
        with contextlib.ExitStack() as undo:
            self._positions = Positions.join(folder, topics)
            undo.callback(self._positions.close)
            self._membership = Membership(folder, topics, clock.now())
            undo.pop_all()
        self._ownership = Ownership(topics, self._membership, self._positions, storage, clock)
        self._paused = False
        self._closed = False

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """See the port. Raises LogUnavailable, StateCorrupt and StateNotWritable."""
        deadline = self._clock.monotonic() + timeout
        wait = WAIT_FLOOR
        while True:
            self._ownership.review()
            records = [] if self._paused else self._fetch(max_records)
            left = deadline - self._clock.monotonic()
            if records or left <= 0:
                return records
            self._clock.sleep(min(wait, left))
            wait = min(wait * 2, WAIT_CEILING)

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """See the port. Raises LogUnavailable; nothing is stored then."""
        owned = {
            where: offset for where, offset in positions.items() if self._ownership.holds(where)
        }
        if owned:
            self._positions.store(owned)
            self._ownership.committed(owned)

    def rewind(self) -> None:
        """See the port."""
        self._ownership.rewind()

    def pause(self) -> None:
        """See the port."""
        self._paused = True

    def resume(self) -> None:
        """See the port."""
        self._paused = False

    def close(self) -> None:
        """See the port. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._ownership.release_all()
            self._membership.leave()
            self._positions.close()

    def _fetch(self, max_records: int) -> list[Record]:
        """Fill up from one partition after the other, beginning with another each time.

        Nothing counts as handed out until all were read, so that none is lost when one
        of the files turns out to be damaged.
        """
        records: list[Record] = []
        ends: list[tuple[Claim, int]] = []
        for claim in self._ownership.in_turn():
            try:
                found = claim.read(max_records - len(records))
            except StateCorrupt:
                claim.put_aside()
                raise
            if found:
                records += found
                ends.append((claim, found[-1].offset + 1))
            if len(records) >= max_records:
                break
        for claim, end in ends:
            claim.handed_out = end
        return records
