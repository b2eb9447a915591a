"""Time goes forward, in UTC, in microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.clock import SECOND, MovableClock, SystemClock, from_datetime, to_datetime

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_moments_survive_as_microseconds(moment: datetime) -> None:
    assert to_datetime(from_datetime(moment)) == moment


def test_zones_are_respected() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    assert from_datetime(summer) == from_datetime(datetime(2026, 7, 1, 11, tzinfo=UTC))


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        from_datetime(datetime(2026, 7, 1))  # noqa: DTZ001  the point of the test


def test_sleeping_moves_the_movable_clock_and_nothing_else_does() -> None:
    clock = MovableClock(5)
    clock.sleep(2.5)
    clock.sleep(-1)
    assert (clock.now(), clock.monotonic()) == (5 + 2_500_000, 2.5)


def test_a_step_of_the_wall_clock_leaves_monotonic_time_alone() -> None:
    clock = MovableClock(10 * SECOND)
    clock.set(3 * SECOND)
    assert (clock.now(), clock.monotonic()) == (3 * SECOND, 0.0)
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_the_system_clock_counts_microseconds() -> None:
    now = SystemClock().now()
    assert abs(from_datetime(datetime.now(UTC)) - now) < 60 * SECOND
