"""The same matches give the same incidents: in any order and batching, repeated, with restarts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.route import Router
from alerts.window import WindowStage
from model.clock import DAY, MovableClock
from model.incident import Match, MatchOperation
from model.rule import Rule
from store.engine import Store, open_store
from tests.alerts.builders import event, fixed, records
from tests.alerts.oracle import expected, shown

WINDOW = 10
RULES = {
    "any": Rule(id="any", title="Any", kind="any", query="x", response="Look", window=WINDOW),
    "three": Rule(
        id="three",
        title="Three",
        kind="frequency",
        query="x",
        response="Look",
        window=WINDOW,
        threshold=3,
    ),
}
OPERATIONS: list[MatchOperation] = [
    "delete",
    "withhold",
    "withhold",
    "restore",
    "account_delete",
    "edit",
]
LONG = DAY + 3
"""Two posts further apart than the stage reads at once."""


def stage(store: Store) -> WindowStage:
    return WindowStage(
        store,
        fixed(RULES.values()),
        Router(["desk"], ["desk"]),
        MovableClock(10**6),
        historic_after=50,
        watermark=lambda: 0,
    )


times = st.integers(0, 60) | st.sampled_from([LONG, LONG + 8, LONG + 30])


@st.composite
def matches(draw: st.DrawFn) -> Match:
    uid = draw(st.sampled_from("abcdefghijkl"))
    # Not every report of a post names its author.
    account = draw(st.sampled_from([0, 1 + ord(uid) % 3]))
    if draw(st.integers(0, 4)) == 0:
        op = draw(st.sampled_from(OPERATIONS))
        return event(uid, op, rev=draw(st.integers(0, 2)), account=account)
    at = draw(times)
    return Match(
        uid=uid,
        rev=draw(st.sampled_from([0, 0, 0, 1])),
        account=account,
        event_at=at,
        collected_at=at + draw(st.sampled_from([0, 100])),
        rule_id=draw(st.sampled_from(sorted(RULES))),
        group=(draw(st.sampled_from(["guildford", "woking"])),),
        excerpt="words",
        place=draw(st.none() | st.just("Guildford")),
    )


@given(st.data(), st.lists(matches(), max_size=40))
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_incidents_depend_on_the_set_of_matches_alone(
    new_store_url: Callable[[], str], data: st.DataObject, seen: list[Match]
) -> None:
    shuffled = data.draw(st.permutations(seen + seen[: len(seen) // 3]))
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=6).map(sorted))
    with closing(open_store(new_store_url())) as store:
        worker = stage(store)
        for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
            batch = records(shuffled[start:end])
            assert not worker.process(batch).rejects
            if data.draw(st.booleans()):
                worker = stage(store)
                worker.process(batch)
        assert shown(store) == expected(seen, RULES)
