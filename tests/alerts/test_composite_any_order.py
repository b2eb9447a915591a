"""What is combined depends on the posts of the parts alone, not on how they came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clock import HOUR, MINUTE, MovableClock
from model.incident import Match
from tests.alerts.builders import EVENING, Window, event, match, rule
from tests.alerts.copies import copied
from tests.alerts.oracle import Shown, shown

RULES = [
    rule("fires", window=5 * MINUTE),
    rule("fights", kind="frequency", threshold=2, window=5 * MINUTE),
    rule("floods", window=5 * MINUTE),
    rule("both", kind="composite", window=10 * MINUTE, all_of=("fires", "fights")),
    rule("all", kind="composite", window=10 * MINUTE, all_of=("both", "floods")),
]


def an_evening(draw: Random, posts: int) -> list[Match]:
    matches = []
    for number in range(posts):
        uid = f"p{number}"
        rule_id = draw.choice(["fires", "fights", "fights", "floods"])
        group = (draw.choice(["guildford", "woking"]),)
        matches.append(match(uid, draw.randrange(90), rule_id=rule_id, group=group))
        if draw.random() < 0.15:
            matches.append(event(uid, draw.choice(["delete", "edit"]), rev=1))
    return matches


def raised(empty: Path, batches: Sequence[Sequence[Match]]) -> set[Shown]:
    with copied(empty) as store:
        view = Window(store, RULES, MovableClock(EVENING + 2 * HOUR))
        for batch in batches:
            view.count(*batch)
        return shown(store)


@given(seed=st.integers(0, 2**32), posts=st.integers(0, 30), data=st.data())
@settings(max_examples=30)
def test_incidents_depend_on_the_posts_alone(
    empty: Path, seed: int, posts: int, data: st.DataObject
) -> None:
    matches = an_evening(Random(seed), posts)
    shuffled = data.draw(st.permutations(matches + matches[: len(matches) // 3]))
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4).map(sorted))
    bounds = zip([0, *cuts], [*cuts, len(shuffled)], strict=True)
    assert raised(empty, [shuffled[a:b] for a, b in bounds]) == raised(empty, [matches])


@pytest.mark.parametrize("rule_id", ["both", "all"])
def test_the_posts_of_the_property_do_set_them_off(empty: Path, rule_id: str) -> None:
    """Else the property would hold of nothing."""
    with copied(empty) as store:
        Window(store, RULES, MovableClock(EVENING + 2 * HOUR)).count(*an_evening(Random(3), 40))
        assert rule_id in {one.rule_id for one in store.incidents.list()}
