"""Gathers batches from a consumer: by size and time, and past what fails while reading."""

from __future__ import annotations

from collections.abc import Mapping

from bus.meter import Meter
from bus.port import Consumer, Record, TopicPartition
from bus.retry import Backoff
from model.clock import Clock
from model.errors import StateCorrupt, TransientError


class Batches:
    """The batches of one consumer: ``max_records`` at most, and a smaller one waits
    ``linger_seconds`` for company."""

    def __init__(
        self,
        consumer: Consumer,
        clock: Clock,
        meter: Meter,
        backoff: Backoff,
        *,
        max_records: int,
        linger_seconds: float,
    ) -> None:
        self._consumer = consumer
        self._clock = clock
        self._meter = meter
        self._backoff = backoff
        self._max_records = max_records
        self._linger_seconds = linger_seconds
        self._again_at = clock.monotonic()

    def next(self, timeout: float) -> list[Record]:
        """The next batch, or an empty one after ``timeout`` seconds."""
        batch = self._poll(self._max_records, timeout)
        missing = self._max_records - len(batch)
        if batch and missing and self._linger_seconds > 0:
            self._clock.sleep(self._linger_seconds)
            batch += self._poll(missing, 0.0)
        return batch

    def _poll(self, max_records: int, timeout: float) -> list[Record]:
        """A poll that fails gives nothing, and no poll is tried for a while.

        What an earlier poll gave must be processed first. Damage is in one partition;
        the others flow on.
        """
        rest = self._again_at - self._clock.monotonic()
        if rest > 0:
            self._clock.sleep(min(rest, timeout))
            return []
        try:
            records = self._consumer.poll(max_records, timeout)
        except TransientError as error:
            self._meter.retry(error)
        except StateCorrupt as error:
            self._meter.error(error)
        else:
            self._backoff.reset()
            return records
        self._again_at = self._clock.monotonic() + self._backoff.next()
        return []


class NoInput:
    """The consumer of a stage that reads nothing and only acts on time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def poll(self, max_records: int, timeout: float) -> list[Record]:  # noqa: ARG002  the port's
        """Wait; there is never anything."""
        self._clock.sleep(timeout)
        return []

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Nothing to store."""

    def rewind(self) -> None:
        """Nothing to go back to."""

    def pause(self) -> None:
        """Nothing to hold back."""

    def resume(self) -> None:
        """Nothing to hand out."""

    def close(self) -> None:
        """Nothing to leave."""
