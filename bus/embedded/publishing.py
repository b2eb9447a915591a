"""Outgoing records on their way into partitions: checked first, then written together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import xxhash

from bus.embedded.catalogue import TopicEntry
from bus.embedded.retention import check_room
from bus.embedded.segment import Row
from bus.embedded.storage import Storage
from bus.port import Outgoing, Record, TopicPartition
from model.errors import LogUnavailable, MalformedRecord, RecordTooLarge

_SHOWN_KEY = 100


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
        key = _utf8(record)
        size = len(key) + len(record.value)
        if size > self._limit:
            raise RecordTooLarge(
                f"{_described(record)} is too large for the log",
                cause=f"{size} bytes, where {self._limit} are allowed",
                remedy="Raise the largest record size of the log, then retry it",
            )
        if self.entry.derives_from is None:
            partition = partition_of(key, self.entry.partitions)
            row: Row = (None, record.key, record.value)
        else:
            source = self._source(record)
            partition = source.partition
            row = (source.offset, record.key, record.value)
        self.rows.setdefault(partition, []).append(row)

    def _source(self, record: Outgoing) -> Record:
        if record.source is None or record.source.topic != self.entry.derives_from:
            raise MalformedRecord(
                f"{_described(record)} cannot be stored",
                cause=f"it names no source of {self.entry.derives_from}",
            )
        return record.source


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: XXH3 of its UTF-8, the same on every machine and for good."""
    return xxhash.xxh3_64_intdigest(key) % partitions if partitions > 1 else 0


def _utf8(record: Outgoing) -> bytes:
    try:
        return record.key.encode()
    except UnicodeEncodeError as error:
        raise MalformedRecord(
            f"{_described(record)} has no Unicode key", cause=str(error)
        ) from error


def _described(record: Outgoing) -> str:
    return f"a record for {record.topic} with key {record.key[:_SHOWN_KEY]!a}"
