"""Reading from an offset on, outside any group: for people who look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bus.kafka.client import open_consumer
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.errors import kafka_errors
from bus.kafka.frame import record_from
from bus.kafka.library import KafkaConsumer, KafkaError, KafkaPartition
from bus.port import Record
from model.clock import Clock
from model.errors import LogUnavailable


class Reader:
    """Looks at partitions through one consumer of no group, opened when first needed."""

    def __init__(self, connection: KafkaConnection, tuning: KafkaTuning, clock: Clock) -> None:
        self._connection = connection
        self._tuning = tuning
        self._clock = clock
        self._consumer: KafkaConsumer | None = None

    def read(
        self, topic: str, partition: int, offset: int, end: int, max_records: int
    ) -> list[Record]:
        """Records from an offset on and before ``end``. Raises LogUnavailable."""
        what = f"partition {partition} of topic {topic} cannot be read"
        there = KafkaPartition(self._connection.named(topic), partition)
        deadline = self._clock.monotonic() + self._tuning.patience_seconds
        found: list[Record] = []
        with self._reading(what) as consumer:
            consumer.assign([there])
            consumer.seek(there, offset)
            while len(found) < max_records and (consumer.position(there) or 0) < end:
                if self._clock.monotonic() >= deadline:
                    raise LogUnavailable(what, cause="no broker hands it out")
                arrived = consumer.poll(timeout_ms=200, max_records=max_records - len(found))
                found += (record_from(r, topic, partition) for r in arrived.get(there, ()))
        return [record for record in found if record.offset < end]

    def close(self) -> None:
        """Release the connections. Safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(KafkaError):
                consumer.close(autocommit=False)

    @contextlib.contextmanager
    def _reading(self, what: str) -> Iterator[KafkaConsumer]:
        with kafka_errors(what):
            if self._consumer is None:
                self._consumer = open_consumer(self._connection, self._tuning, None)
            try:
                yield self._consumer
            except (KafkaError, LogUnavailable):
                self.close()
                raise
