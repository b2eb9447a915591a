"""Records that were fetched and not handed out yet, so that no partition waits for a
busier one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bus.port import Record, TopicPartition


class Buffers:
    """One queue per partition; each take begins with another."""

    def __init__(self) -> None:
        self._queues: dict[TopicPartition, list[Record]] = {}
        self._last_taken: dict[TopicPartition, int] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, where: TopicPartition, records: Sequence[Record]) -> None:
        """Append what was fetched of one partition.

        When its reading went back, what was fetched before that is dropped.
        """
        queue = self._queues.setdefault(where, [])
        if queue and records and records[0].offset <= queue[-1].offset:
            self._size -= len(queue)
            queue.clear()
        queue += records
        self._size += len(records)

    def take(self, max_records: int) -> list[Record]:
        """The next records, in order within a partition."""
        taken: list[Record] = []
        for where in list(self._queues):
            queue = self._queues.pop(where)
            wanted = max_records - len(taken)
            if queue:
                taken += queue[:wanted]
                self._last_taken[where] = taken[-1].offset
            if len(queue) > wanted:
                self._queues[where] = queue[wanted:]  # at the end: others come first next time
            if len(taken) >= max_records:
                break
        self._size -= len(taken)
        return taken

    def exhausted_at(self, where: TopicPartition, offset: int) -> bool:
        """Whether this offset follows the last record taken, and no other waits behind it."""
        return where not in self._queues and self._last_taken.get(where) == offset - 1

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget these partitions."""
        for where in partitions:
            self._size -= len(self._queues.pop(where, ()))
            self._last_taken.pop(where, None)

    def clear(self) -> None:
        """Forget everything."""
        self._queues.clear()
        self._last_taken.clear()
        self._size = 0
