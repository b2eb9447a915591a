"""Gathering batches from a consumer that fails."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from bus.batches import Batches
from bus.meter import Meter
from bus.port import Record, TopicPartition
from bus.retry import Backoff
from model.clock import MovableClock
from model.errors import LogUnavailable


class Interrupted:
    """A consumer whose log is away between two moments; else each poll brings a record."""

    def __init__(self, clock: MovableClock, away: float, back: float) -> None:
        self._clock = clock
        self._away = away
        self._back = back
        self._offset = 0
        self.failures = 0

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        self._clock.sleep(timeout)
        if self._away <= self._clock.monotonic() < self._back:
            self.failures += 1
            raise LogUnavailable("the log is away")
        self._offset += 1
        return [Record("t", 0, self._offset, "k", b"")]

    def commit(self, positions: Mapping[TopicPartition, int]) -> None: ...

    def rewind(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None: ...


def test_a_log_that_is_away_is_asked_ever_more_rarely_and_costs_no_record() -> None:
    clock = MovableClock()
    consumer = Interrupted(clock, away=1.0, back=301.0)
    batches = Batches(
        consumer,
        clock,
        Meter("stage", clock),
        Backoff(0.1, 30.0, Random(1)),
        max_records=10,
        linger_seconds=0.05,
    )
    offsets: list[int] = []
    while clock.monotonic() < 400.0:
        before = clock.monotonic()
        offsets += [record.offset for record in batches.next(0.2)]
        assert clock.monotonic() - before < 0.5  # the worker is never kept from its other duties
    assert 5 < consumer.failures < 40
    assert offsets == list(range(1, len(offsets) + 1))
    assert len(offsets) > 100
