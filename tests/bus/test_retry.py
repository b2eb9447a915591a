"""Waits between tries: random, growing, bounded, and cut short by a stop."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.retry import Backoff, Retry, Stopped
from model.clock import MovableClock
from model.errors import LogUnavailable, TransientError


@given(
    seed=st.integers(0, 1_000),
    floor=st.floats(0.001, 10),
    ceiling=st.floats(0.001, 100),
    tries=st.integers(1, 100),
)
def test_a_wait_lies_between_zero_and_a_doubling_ceiling(
    seed: int, floor: float, ceiling: float, tries: int
) -> None:
    backoff = Backoff(floor, ceiling, Random(seed))
    for number in range(tries):
        assert 0.0 <= backoff.next() <= min(ceiling, floor * 2.0**number)


def test_ten_thousand_failures_are_no_more_trouble_than_ten() -> None:
    backoff = Backoff(0.1, 30.0, Random(1))
    waits = [backoff.next() for _ in range(10_000)]
    assert 14.0 < sum(waits) / len(waits) < 16.0


def test_after_success_it_starts_at_the_floor_again() -> None:
    backoff = Backoff(0.1, 30.0, Random(1))
    for _ in range(20):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 0.1


def test_what_does_not_pass_is_not_retried() -> None:
    failures: list[TransientError] = []
    clock = MovableClock()
    retry = Retry(
        lambda: Backoff(1.0, 1.0, Random(1)),
        clock,
        stop=lambda: False,
        failed=failures.append,
        waiting=lambda: None,
    )

    def act() -> None:
        if len(failures) < 3:
            raise LogUnavailable("away")
        raise KeyError("broken")

    with pytest.raises(KeyError):
        retry(act)
    assert len(failures) == 3


def test_a_stop_cuts_the_wait_short() -> None:
    clock = MovableClock()
    retry = Retry(
        lambda: Backoff(1_000.0, 1_000.0, Random(1)),
        clock,
        stop=lambda: clock.monotonic() > 2.0,
        failed=lambda error: None,
        waiting=lambda: None,
    )
    with pytest.raises(Stopped):
        retry.wait(1_000.0)
    assert clock.monotonic() < 2.5
