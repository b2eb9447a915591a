"""The capacity model: proportional where it must be, and never less than one of each."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.capacity import BUSY, COSTS, DEMANDS, LIMITS, Demand, breaking, partitions, plan

RATES = st.floats(0.01, 1e5)


def demand(peak: float, mean: float = 1.0) -> Demand:
    return Demand("any", mean, peak)


def test_a_core_is_planned_for_as_the_page_says() -> None:
    """1,000 posts a second, twice as fast, at 187 us, on cores that are busy for 0.7."""
    assert plan(demand(1_000)).cores["enrich"] == pytest.approx(1_000 * 2 * 187e-6 / 0.7)


@given(RATES, RATES)
def test_twice_the_stream_needs_twice_the_cores_and_bytes(peak: float, mean: float) -> None:
    one, two = plan(demand(peak, mean)), plan(demand(2 * peak, 2 * mean))
    assert two.total_cores == pytest.approx(2 * one.total_cores)
    assert two.log_bytes == pytest.approx(2 * one.log_bytes)
    assert two.index_bytes == pytest.approx(2 * one.index_bytes)


@given(RATES)
def test_there_are_enough_processes_and_partitions(peak: float) -> None:
    needed = plan(demand(peak))
    for cost in COSTS:
        assert needed.processes[cost.stage] >= max(1, needed.cores[cost.stage])
    assert needed.partitions >= 2 * needed.processes["enrich"]
    assert needed.partitions == partitions(needed.processes["enrich"]) >= 6


@given(RATES)
def test_what_is_too_small_is_named_the_scarcest_first(peak: float) -> None:
    found = breaking(demand(peak))
    assert [each.times for each in found] == sorted((each.times for each in found), reverse=True)
    scarce = {limit.part for limit in LIMITS if limit.posts_per_second * BUSY < peak}
    assert {each.part for each in found} == scarce


def test_more_demand_never_breaks_less() -> None:
    parts = [{each.part for each in breaking(each_demand)} for each_demand in DEMANDS]
    assert all(before <= after for before, after in pairwise(parts))
