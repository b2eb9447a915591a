"""Durations in ranges: nothing is lost in adding, and shares stay in their range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.distribution import BOUNDS, Distribution, Stopwatches

DURATIONS = st.lists(st.floats(0, 10_000), max_size=50)


def counted(durations: list[float]) -> Distribution:
    watches = Stopwatches()
    for duration in durations:
        watches.observe(duration)
    return watches.read()


@given(DURATIONS)
def test_everything_is_counted_once(durations: list[float]) -> None:
    distribution = counted(durations)
    assert distribution.total == len(durations)
    assert distribution.seconds == pytest.approx(sum(durations))
    for bound, number in zip(BOUNDS, range(1, len(BOUNDS) + 1), strict=True):
        assert sum(distribution.counts[:number]) == sum(d <= bound for d in durations)


@given(DURATIONS, DURATIONS)
def test_two_processes_add_up_and_come_apart_again(one: list[float], other: list[float]) -> None:
    both = counted(one) + counted(other)
    assert both.counts == counted(one + other).counts
    assert both.since(counted(one)).counts == counted(other).counts


@given(st.lists(st.floats(0, BOUNDS[-1]), min_size=1), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_range_of_the_true_one(durations: list[float], share: float) -> None:
    ordered = sorted(durations)
    true = next(d for n, d in enumerate(ordered, 1) if n >= share * len(ordered))
    upper = next(bound for bound in BOUNDS if bound >= true)
    lower = max((bound for bound in BOUNDS if bound < true), default=0.0)
    found = counted(durations).quantile(share)
    assert found is not None
    assert lower <= found <= upper


def test_nothing_counted_has_no_quantile() -> None:
    assert Distribution().quantile(0.5) is None
    assert (Distribution() + counted([])).quantile(0.5) is None


def test_what_is_beyond_the_last_bound_is_said_to_be_at_least_that() -> None:
    assert counted([1e6]).quantile(0.99) == BOUNDS[-1]


def test_a_clock_behind_another_gives_no_negative_time() -> None:
    assert counted([-5.0]) == counted([0.0])
