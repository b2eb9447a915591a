"""What the coverage ledger is told, and when."""

from __future__ import annotations

import pytest

from ingest.sightings import Sightings, SightPolicy
from model.clock import MINUTE, SECOND
from tests.ingest.parts import START, Ledger, Told

POLICY = SightPolicy(blind_after_failures=3, blind_after_seconds=600, heartbeat_seconds=60)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def sightings(ledger: Ledger) -> Sightings:
    return Sightings("s", ledger, POLICY)


def test_changes_are_told_at_once_and_repetitions_once_a_minute(
    ledger: Ledger, sightings: Sightings
) -> None:
    for second in range(0, 130, 10):
        sightings.succeeded(START + second * SECOND, 5)

    assert ledger.entries == [
        Told("s", "live", START, "", 5),
        Told("s", "live", START + 60 * SECOND, "", 30),
        Told("s", "live", START + 120 * SECOND, "", 30),
    ]


def test_one_failure_degrades_and_repeated_ones_blind(ledger: Ledger, sightings: Sightings) -> None:
    sightings.succeeded(START, 1)
    for second in (1, 2, 3, 4):
        sightings.failed(START + second * SECOND, f"failure {second}")
    sightings.succeeded(START + 5 * SECOND, 2)

    assert ledger.states() == ["live", "degraded", "blind", "live"]
    assert [entry.reason for entry in ledger.entries] == ["", "failure 1", "failure 3", ""]


def test_a_long_failure_blinds_however_seldom_it_was_tried(
    ledger: Ledger, sightings: Sightings
) -> None:
    sightings.failed(START, "away")
    sightings.failed(START + 10 * MINUTE, "away")
    assert ledger.states() == ["degraded", "blind"]


def test_a_success_forgives(ledger: Ledger, sightings: Sightings) -> None:
    for second in range(10):
        sightings.failed(START + second * SECOND, "away")
        sightings.succeeded(START + second * SECOND, 0)
    assert set(ledger.states()) == {"degraded", "live"}


def test_posts_count_for_the_state_in_which_they_came(ledger: Ledger, sightings: Sightings) -> None:
    sightings.succeeded(START, 0)
    sightings.succeeded(START + SECOND, 7)
    sightings.failed(START + 2 * SECOND, "away")
    sightings.succeeded(START + 3 * SECOND, 4)
    sightings.ended(START + 4 * SECOND, "backfilled", "read to its end")

    counted = [(entry.state, entry.posts) for entry in ledger.entries if entry.posts]
    assert counted == [("live", 7), ("live", 4)]
    assert ledger.states() == ["live", "degraded", "live", "backfilled"]


def test_the_collector_shows_that_it_is_alive(ledger: Ledger, sightings: Sightings) -> None:
    sightings.beat(START)
    assert ledger.entries == [], "of a source that never ran nothing is known"
    sightings.failed(START, "away")
    for second in (30, 59, 60, 61, 120):
        sightings.beat(START + second * SECOND)
    assert [entry.at - START for entry in ledger.entries] == [0, 60 * SECOND, 120 * SECOND]
    assert {entry.state for entry in ledger.entries} == {"degraded"}


def test_a_ledger_that_is_away_is_told_later_with_the_true_times(
    ledger: Ledger, sightings: Sightings
) -> None:
    ledger.failures = 3
    sightings.succeeded(START, 5)
    sightings.failed(START + SECOND, "away")
    sightings.succeeded(START + 2 * SECOND, 6)
    assert ledger.entries == []
    sightings.beat(START + 5 * MINUTE)

    assert ledger.entries[:3] == [
        Told("s", "live", START, "", 5),
        Told("s", "degraded", START + SECOND, "away", 0),
        Told("s", "live", START + 2 * SECOND, "", 6),
    ]


def test_a_ledger_that_stays_away_costs_no_memory(ledger: Ledger, sightings: Sightings) -> None:
    ledger.failures = 1_000
    for minute in range(900):
        sightings.succeeded(START + minute * MINUTE, 1)
    ledger.failures = 0
    sightings.beat(START + 1_000 * MINUTE)
    assert len(ledger.entries) == 1
    assert ledger.posts() == 900
