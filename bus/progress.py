"""How far a worker has come, and how much of that is not settled yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bus.port import Record, TopicPartition
from model.clock import Clock


class Progress:
    """Positions that wait to be committed, and the records that they stand for."""

    def __init__(self, clock: Clock, *, max_records: int, max_seconds: float) -> None:
        self._clock = clock
        self._max_records = max_records
        self._max_seconds = max_seconds
        self._positions: dict[TopicPartition, int] = {}
        self._records = 0
        self._since = 0.0

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset after the last processed record of each partition."""
        return self._positions

    @property
    def unsettled(self) -> int:
        """How many processed records are not committed."""
        return self._records

    @property
    def full(self) -> bool:
        """Whether no more may be processed before some are settled."""
        return self._records >= self._max_records

    @property
    def overdue(self) -> bool:
        """Whether settling must be insisted on."""
        waited = self._clock.monotonic() - self._since
        return self.full or (self._records > 0 and waited >= self._max_seconds)

    def processed(self, batch: Sequence[Record]) -> None:
        """These records, in their order, are processed and their outcome is published."""
        if not self._records:
            self._since = self._clock.monotonic()
        self._records += len(batch)
        # Records of a partition come in order, so the last one of each remains.
        last = {(record.topic, record.partition): record.offset for record in batch}
        self._positions |= {TopicPartition(*where): last[where] + 1 for where in last}

    def committed(self) -> None:
        """Every position is stored."""
        self._positions.clear()
        self._records = 0
