"""What becomes of a post. The order of events is tested by the contract of the index."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from index.lifecycle import UNKNOWN, Standing, judge
from model.post import Operation
from tests.contracts.index_history import Event, histories, outcomes


def final(events: list[Event]) -> str | None:
    """The version that is shown after these events."""
    standing, text = UNKNOWN, None
    for op, rev in events:
        standing, verdict = judge(standing, op, rev)
        if verdict != "ignore":
            text = f"{op} {rev}" if verdict == "show" else None
    return text


@given(histories())
def test_every_order_of_events_ends_alike(history: list[Event]) -> None:
    possible = outcomes(history)
    for order in itertools.islice(itertools.permutations(history), 60):
        assert final(list(order)) in possible


@given(histories())
def test_forgetting_what_is_not_memorable_changes_nothing(history: list[Event]) -> None:
    standing = UNKNOWN
    for op, rev in history:
        standing, _ = judge(standing, op, rev)
        forgotten = standing if standing.memorable else UNKNOWN
        for later, revision in history:
            assert judge(standing, later, revision)[1] == judge(forgotten, later, revision)[1]
        standing = forgotten


@pytest.mark.parametrize("op", ["create", "edit", "restore"])
def test_the_same_version_again_is_shown_again(op: Operation) -> None:
    standing, _ = judge(UNKNOWN, op, 3)
    assert judge(standing, op, 3) == (standing, "show")


def test_a_removal_is_carried_out_each_time() -> None:
    deleted = Standing(deleted=True)
    assert judge(deleted, "delete", 0) == (deleted, "remove")


def test_revisions_beyond_all_bounds_are_kept_within() -> None:
    assert judge(UNKNOWN, "edit", -5)[0].shown == 0
    assert judge(UNKNOWN, "edit", 2**64 - 1)[0].shown == 2**63 - 1
