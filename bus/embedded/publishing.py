"""Outgoing records on their way into partitions: checked first, then written together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from bus.checks import checked_key, checked_source
from bus.embedded.catalogue import TopicEntry
from bus.embedded.retention import check_room
from bus.embedded.segment import Row
from bus.embedded.storage import Storage
from bus.partitioning import partition_of
from bus.port import Outgoing, TopicPartition
from model.errors import LogUnavailable


class Publisher:
    """Writes records into the partitions of a :class:`Storage`.

    ``limit`` is how many bytes key and value of a record may have together; ``limits``
    has the topics for which it is another.
    """

    def __init__(self, storage: Storage, *, limit: int, limits: Mapping[str, int]) -> None:
        self._storage = storage
        self._limit = limit
        self._limits = limits

    def publish(self, records: Sequence[Outgoing], at: int) -> None:
        """Write the records, as published ``at`` UTC microseconds.

        Every record is checked before any is written. The partitions are locked in one
        order, so that producers cannot block each other for good, and committed
        together: a failure before the first commit leaves nothing behind.
        """
        batches: dict[str, _Batch] = {}
        for record in records:
            batch = batches.get(record.topic)
            if batch is None:
                batch = batches[record.topic] = self._batch(record.topic)
            batch.add(record)
        with contextlib.ExitStack() as transactions:
            for topic in sorted(batches):
                self._write(batches[topic], at, transactions)

    def _batch(self, topic: str) -> _Batch:
        entry = self._storage.catalogue.find(topic)
        if entry is None:
            raise LogUnavailable(f"topic {topic} does not exist", cause="nobody has created it yet")
        return _Batch(entry, self._limits.get(topic, self._limit))

    def _write(self, batch: _Batch, at: int, transactions: contextlib.ExitStack) -> None:
        for partition, rows in sorted(batch.rows.items()):
            where = TopicPartition(batch.entry.name, partition)
            check_room(self._storage, batch.entry, where)
            segment = self._storage.segment(where)
            transactions.enter_context(segment.writing())
            segment.write(at, rows)


class _Batch:
    """The records of one topic within one call, by partition."""

    def __init__(self, entry: TopicEntry, limit: int) -> None:
        self.entry = entry
        self.rows: dict[int, list[Row]] = {}
        self._limit = limit

    def add(self, record: Outgoing) -> None:
        """Sort the record in. Raises RecordTooLarge and MalformedRecord."""
        key = checked_key(record, self._limit)
        if self.entry.derives_from is None:
            partition = partition_of(key, self.entry.partitions)
            row: Row = (None, record.key, record.value)
        else:
            source = checked_source(record, self.entry.derives_from)
            partition = source.partition
            row = (source.offset, record.key, record.value)
        self.rows.setdefault(partition, []).append(row)
