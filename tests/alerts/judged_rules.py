"""A rule of each judged kind with short spans, and posts that set it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from model.clock import MINUTE, SECOND
from model.incident import Match
from model.rule import Rule
from tests.alerts.builders import rule

WINDOW = 2 * MINUTE
START = 10_000 * MINUTE
"""When the rules begin to run, in UTC microseconds."""
HERE = (51.2362, -0.5704)
THERE = (51.4700, -0.4543)
CELLS = Mapping[str, tuple[str, ...]]

JUDGED: Mapping[str, Rule] = {
    each.id: each
    for each in (
        rule("change", kind="change", window=WINDOW, group_by=("community",), field="lang"),
        rule("spike", kind="spike", window=WINDOW, height=2, least_now=3),
        rule("fall", kind="spike", window=WINDOW, height=2, direction="both", least_before=3),
        rule("flatline", kind="flatline", window=WINDOW, threshold=2, grace=10 * SECOND),
        rule(
            "grouped-flatline",
            kind="flatline",
            window=WINDOW,
            threshold=1,
            group_by=("community",),
            forget=6 * MINUTE,
        ),
        rule(
            "new-term", kind="new_term", window=WINDOW, field="hashtag", history=4 * MINUTE, learn=0
        ),
        rule("many-values", kind="cardinality", window=WINDOW, field="hashtag", max_values=2),
        rule("few-values", kind="cardinality", window=WINDOW, field="hashtag", min_values=2),
        rule("metric", kind="metric", window=WINDOW, field="likes", aggregate="mean", max_value=6),
        rule("low", kind="metric", window=WINDOW, field="likes", aggregate="sum", min_value=9),
        rule(
            "metric-spike",
            kind="metric_spike",
            window=WINDOW,
            field="likes",
            aggregate="sum",
            height=2,
        ),
        rule("percentage", kind="percentage", window=WINDOW, matching="knife", max_percent=40),
        rule("sequence", kind="sequence", window=WINDOW, steps=("a", "b", "c")),
        rule("cluster", kind="cluster", window=WINDOW, threshold=3, radius=500),
        rule("burst", kind="burst", window=WINDOW, least=3, false_alarms=100, expected=0.001),
    )
}

_VALUES: Mapping[str, Callable[[Random], tuple[str, ...]]] = {
    "change": lambda draw: (draw.choice(["en", "cy"]),),
    "many-values": lambda draw: (draw.choice("abcde"),),
    "few-values": lambda draw: (draw.choice("ab"),),
    "percentage": lambda draw: ("0",) if draw.random() < 0.4 else (),
    "sequence": lambda draw: (draw.choice("012"),),
}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "change": ("guildford", "woking"),
    "grouped-flatline": ("guildford", "woking"),
    "new-term": ("flood", "riot"),
    "cluster": ("51.2037,-0.5737",),
}


def some_match(draw: Random, rule_id: str, uid: str, at: int, rev: int = 0) -> Match:
    """A match of the rule with what its kind asks for."""
    values = _VALUES.get(rule_id)
    groups = _GROUPS.get(rule_id)
    account = draw.randrange(1, 9)
    place = draw.choice([HERE, (HERE[0] + 0.002, HERE[1]), THERE])
    return Match(
        uid=uid,
        rev=rev,
        event_at=at,
        collected_at=at + draw.choice([0, SECOND]),
        account=account,
        rule_id=rule_id,
        group=(draw.choice(groups),) if groups else (),
        excerpt="words",
        place="Guildford",
        lat=place[0],
        lon=place[1],
        cluster=draw.randrange(1, 9),
        values=values(draw) if values else (),
        number=float(draw.randrange(10)),
    )
