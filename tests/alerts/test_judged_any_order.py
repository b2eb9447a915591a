"""What judged kinds raise depends on the posts alone, not on how they came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.kinds.port import Judge
from alerts.kinds.table import detector
from model.clock import MINUTE, SECOND, MovableClock
from model.incident import Match
from model.rule import Rule
from store.engine import Store
from tests.alerts.builders import Window, event
from tests.alerts.copies import copied
from tests.alerts.judged_rules import JUDGED, START, some_match
from tests.alerts.memory_view import judged
from tests.alerts.oracle import shown

LASTS = 12 * MINUTE
AFTERWARDS = START + LASTS + 10 * MINUTE


def an_evening(draw: Random, rule_id: str, posts: int) -> list[Match]:
    """Matches of a rule: some repeated, some edited, some taken back."""
    matches = []
    for number in range(posts):
        uid = f"p{number}"
        at = START + draw.randrange(0, LASTS, draw.choice([SECOND, 10 * SECOND]))
        found = some_match(draw, rule_id, uid, at)
        matches.append(found)
        if draw.random() < 0.1:
            matches.append(event(uid, draw.choice(["delete", "withhold"]), rev=1))
        if draw.random() < 0.1:
            matches.append(event(uid, "edit", rev=1))
        if draw.random() < 0.1:
            matches.append(msgspec.structs.replace(found, rev=2, event_at=found.event_at + MINUTE))
    return matches


def watched_store(store: Store, rule: Rule) -> None:
    """Somebody has been watching all the time, and the rule began to run."""
    store.coverage.record("stream", "live", START - 60 * MINUTE, heard_within=2**50)
    store.watches.begin(rule.id, START)


def feed(store: Store, rule: Rule, matches: Sequence[Match], cuts: Sequence[int]) -> None:
    """Give the matches in batches, with ticks between them as time goes by."""
    clock = MovableClock(START)
    step = (AFTERWARDS - START) // (len(cuts) + 1)
    for start, end in zip([0, *cuts], [*cuts, len(matches)], strict=True):
        if matches[start:end]:
            Window(store, [rule], clock).count(*matches[start:end])
        clock.advance(step)
        Window(store, [rule], clock).tick()
    clock.set(AFTERWARDS)
    Window(store, [rule], clock).tick()


def horizon(rule: Rule) -> int:
    """Up to when the rule has judged."""
    judge = detector(rule)
    assert isinstance(judge, Judge)
    if judge.grace is None:
        return AFTERWARDS
    return (AFTERWARDS - judge.grace) // judge.step * judge.step


@pytest.mark.parametrize("rule_id", JUDGED)
@given(seed=st.integers(0, 2**32), posts=st.integers(0, 25), data=st.data())
@settings(max_examples=8)
def test_incidents_depend_on_the_posts_alone(
    empty: Path, rule_id: str, seed: int, posts: int, data: st.DataObject
) -> None:
    rule = JUDGED[rule_id]
    matches = an_evening(Random(seed), rule_id, posts)
    shuffled = data.draw(st.permutations(matches + matches[: len(matches) // 3]))
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=5).map(sorted))
    with copied(empty) as store:
        watched_store(store, rule)
        feed(store, rule, shuffled, cuts)
        assert shown(store) == judged(matches, rule, since=START, until=horizon(rule))


@pytest.mark.parametrize("rule_id", JUDGED)
def test_the_posts_of_the_property_do_set_the_rule_off(rule_id: str) -> None:
    """Else the property would hold of nothing."""
    rule = JUDGED[rule_id]
    raised = [
        judged(an_evening(Random(seed), rule_id, 25), rule, since=START, until=horizon(rule))
        for seed in range(20)
    ]
    assert any(raised)
