"""``spike``: many more posts, or many fewer, than in the window before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from alerts.kinds.keys import GRACE, SOURCES, in_words, number, one_of, options, whole
from alerts.kinds.port import Judge, Kind, Schema, View
from alerts.kinds.sliding import ByGrid, ByPost, Lookout, Verdict
from model.clock import MINUTE
from model.rule import Rule

Direction = Literal["up", "down", "both"]

HEIGHT = number("how many times as much as in the window before, above 1", exclusiveMinimum=1)
DIRECTION = one_of("whether up (left out), down or both ring", "up", "down", "both")
NEW_GROUPS = {
    "description": "true lets a group ring that was not there before; left out, it does not",
    "type": "boolean",
}
COMMON: dict[str, Schema] = {
    "height": HEIGHT,
    "direction": DIRECTION,
    "sources": SOURCES,
    "grace": GRACE,
}


class SpikeOptions(msgspec.Struct, frozen=True):
    """``least_now`` and ``least_before`` are the fewest posts that the windows must have."""

    height: float
    direction: Direction = "up"
    least_now: int = 0
    least_before: int = 0
    new_groups: bool = False
    grace: int = 15 * MINUTE


def leaps(now: float, before: float, height: float, direction: Direction) -> bool:
    """Whether the figure of this window stands out against that of the window before."""
    up = direction != "down" and now >= before * height
    down = direction != "up" and now * height <= before
    return up or down


def judge(
    rule: Rule, verdict: Verdict, direction: Direction, grace: int, *, from_start: bool = False
) -> Judge:
    """Growth shows in the posts themselves; a fall needs somebody who looks at silence."""
    if direction == "up":
        return ByPost(rule.window, verdict, back=2, from_start=from_start)
    return ByGrid(rule.window, verdict, grace=grace, back=2)


def knows_before(view: View, at: int, window: int) -> bool:
    """Whether the series is older than both windows."""
    first = view.before(at - 2 * window + 1)
    return first is not None


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, SpikeOptions)

    def verdict(view: View, lookout: Lookout, at: int) -> int | None:
        now, before = lookout.window(at), lookout.window_before(at)
        if now.size < chosen.least_now or before.size < chosen.least_before:
            return None
        if not leaps(now.size, before.size, chosen.height, chosen.direction):
            return None
        if not chosen.new_groups and not knows_before(view, at, rule.window):
            return None
        return lookout.at(now.start) if now.size else at - rule.window

    return judge(rule, verdict, chosen.direction, chosen.grace, from_start=not chosen.new_groups)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    chosen = options(rule, SpikeOptions)
    if not (chosen.least_now or chosen.least_before):
        yield "least_now", "is missing, and so is least_before: without one, one post is a spike"


def _when(rule: Rule) -> str:
    chosen = options(rule, SpikeOptions)
    than = {"up": "more", "down": "fewer", "both": "more or fewer"}[chosen.direction]
    return (
        f"when within {in_words(rule.window)} posts are {chosen.height:g} times "
        f"{than} than in the same span before"
    )


SPIKE = Kind(
    name="spike",
    meaning="many more or fewer than before",
    keys={
        **COMMON,
        "least_now": whole("how many posts this window must have", 0),
        "least_before": whole("how many posts the window before must have", 0),
        "new_groups": NEW_GROUPS,
    },
    required=("height",),
    detector=_detector,
    when=_when,
    late="A late post is counted in both windows of every moment that it lies in",
    faults=_faults,
)
