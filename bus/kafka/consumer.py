"""One member of a consumer group in Kafka, with cooperative hand-over of partitions."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from bus.kafka.buffers import Buffers
from bus.kafka.client import open_consumer
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.errors import kafka_errors
from bus.kafka.frame import record_from
from bus.kafka.library import (
    CommitFailedError,
    ConsumerRebalanceListener,
    IllegalGenerationError,
    KafkaError,
    KafkaPartition,
    OffsetAndMetadata,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from bus.port import Record, TopicPartition
from model.clock import Clock
from model.errors import LogUnavailable

TOP_UP = 4_000
"""How many records are fetched ahead of what is handed out."""

ATTEND_SECONDS = 1.0
"""How often a member with enough records at hand still takes part in its group."""

HAND_OVER = (
    RebalanceInProgressError,
    CommitFailedError,
    IllegalGenerationError,
    UnknownMemberIdError,
)
"""Why a commit waits: partitions are being handed over, or were while nobody polled."""


class KafkaMember:
    """Implements :class:`bus.port.Consumer`.

    A commit in the middle of a hand-over is owed: it is stored by the next poll after it,
    for the partitions that are still ours, and before the member leaves.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        tuning: KafkaTuning,
        clock: Clock,
        group: str,
        topics: Sequence[str],
    ) -> None:
        self._names = {connection.named(topic): topic for topic in topics}
        self._connection = connection
        self._tuning = tuning
        self._clock = clock
        self._what = f"group {group} cannot read {', '.join(topics)}"
        self._buffers = Buffers()
        self._owed: dict[TopicPartition, int] = {}
        self._losses = _Losses()
        self._paused = False
        self._closed = False
        self._attended_at = clock.monotonic()
        self._consumer = open_consumer(connection, tuning, connection.named(group))
        with kafka_errors(self._what):
            self._consumer.subscribe(topics=list(self._names), listener=self._losses)

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """See the port. Raises LogUnavailable and ConfigurationError."""
        deadline = self._clock.monotonic() + timeout
        while True:
            left = deadline - self._clock.monotonic()
            enough = len(self._buffers) >= max_records
            if self._paused or not enough:
                waits = 0.0 if len(self._buffers) and not self._paused else max(left, 0.0)
                self._fetch(waits, hold=self._paused)
            elif self._clock.monotonic() - self._attended_at >= ATTEND_SECONDS:
                self._fetch(0.0, hold=True)
            records = [] if self._paused else self._buffers.take(max_records)
            if records or left <= 0:
                return records

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """See the port. Raises LogUnavailable; nothing is stored then."""
        if not self._closed:
            before = dict(self._owed)
            self._owed |= positions
            try:
                self._store_owed()
            except BaseException:
                self._owed = before
                raise

    def rewind(self) -> None:
        """See the port. Raises LogUnavailable."""
        self._forget_lost()
        with kafka_errors(self._what):
            for there in self._consumer.assignment():
                position = self._owed.get(self._ours(there))
                if position is None:
                    position = self._consumer.committed(there, timeout_ms=self._patience_ms)
                if position is None:
                    self._consumer.seek_to_beginning(there)
                else:
                    self._consumer.seek(there, position)
        self._buffers.clear()

    def pause(self) -> None:
        """See the port."""
        self._paused = True

    def resume(self) -> None:
        """See the port."""
        self._paused = False

    def close(self) -> None:
        """See the port. Safe to call twice; without a broker it only lets go."""
        if self._closed:
            return
        deadline = self._clock.monotonic() + self._tuning.request_seconds
        with contextlib.suppress(KafkaError, LogUnavailable):
            while self._owed and self._clock.monotonic() < deadline:
                self._poll_kafka(0.1, hold=True)
                self._store_owed()
        self._closed = True
        with contextlib.suppress(KafkaError):
            self._consumer.close(autocommit=False)

    def _fetch(self, timeout: float, *, hold: bool) -> None:
        with kafka_errors(self._what):
            self._poll_kafka(timeout, hold=hold)
            if self._owed:
                self._store_owed()

    def _poll_kafka(self, timeout: float, *, hold: bool) -> None:
        """Take part in the group; unless held, also fetch.

        What is paused loses that when it is handed over, so it is said each time.
        """
        if hold:
            self._consumer.pause(*self._consumer.assignment())
        else:
            self._consumer.resume(*self._consumer.paused())
        arrived = self._consumer.poll(timeout_ms=round(timeout * 1_000), max_records=TOP_UP)
        self._attended_at = self._clock.monotonic()
        self._forget_lost()
        for there, records in arrived.items():
            where = self._ours(there)
            self._buffers.add(where, [record_from(record, *where) for record in records])

    def _store_owed(self) -> None:
        """Commit what is owed for partitions that are ours; the rest is their owner's affair."""
        self._forget_lost()
        owned = self._consumer.assignment()
        offsets = {}
        for where, offset in self._owed.items():
            there = self._theirs(where)
            if there in owned:
                offsets[there] = OffsetAndMetadata(self._past_gap(where, offset), "", -1)
        with kafka_errors(self._what):
            try:
                if offsets:
                    self._consumer.commit(offsets, timeout_ms=self._patience_ms)
            except HAND_OVER:
                return
        self._owed.clear()

    def _past_gap(self, where: TopicPartition, offset: int) -> int:
        """The offset, or a later one when nothing but a gap follows what was handed out.

        Compaction and the marks of transactions leave offsets without a record. Skipped,
        they are no lag.
        """
        if not self._buffers.exhausted_at(where, offset):
            return offset
        return max(offset, self._consumer.position(self._theirs(where), timeout_ms=0) or 0)

    def _forget_lost(self) -> None:
        for there in self._losses.taken():
            where = self._ours(there)
            self._buffers.drop([where])
            self._owed.pop(where, None)

    def _ours(self, there: KafkaPartition) -> TopicPartition:
        return TopicPartition(self._names[there.topic], there.partition)

    def _theirs(self, where: TopicPartition) -> KafkaPartition:
        return KafkaPartition(self._connection.named(where.topic), where.partition)

    @property
    def _patience_ms(self) -> int:
        return round(self._tuning.request_seconds * 1_000)


class _Losses(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Partitions that went away since one last looked. A thread of the library tells it."""

    def __init__(self) -> None:
        self._gone: deque[KafkaPartition] = deque()

    def on_partitions_assigned(self, assigned: Iterable[KafkaPartition]) -> None:
        """Nothing to do: reading begins at what is committed."""

    def on_partitions_revoked(self, revoked: Iterable[KafkaPartition]) -> None:
        self._gone.extend(revoked)

    def on_partitions_lost(self, lost: Iterable[KafkaPartition]) -> None:
        self._gone.extend(lost)

    def taken(self) -> list[KafkaPartition]:
        """All of them, once."""
        return [self._gone.popleft() for _ in range(len(self._gone))]
