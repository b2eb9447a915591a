"""``cardinality``: how many different values a field has within a window."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from alerts.kinds.keys import GRACE, KEYWORD, SOURCES, in_words, keyword_fault, options, whole
from alerts.kinds.port import Judge, Kind, View, Wants
from alerts.kinds.sliding import ByGrid, ByPost, Lookout
from model.clock import MINUTE
from model.rule import Rule


class CardinalityOptions(msgspec.Struct, frozen=True):
    """More than ``max_values`` or fewer than ``min_values`` of ``field`` ring."""

    field: str
    max_values: int | None = None
    min_values: int | None = None
    grace: int = 15 * MINUTE


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, CardinalityOptions)

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.window(at)
        posts = lookout.posts[span.start : span.end]
        count = len({value for post in posts for value in post.values})
        many = chosen.max_values is not None and count > chosen.max_values
        few = chosen.min_values is not None and count < chosen.min_values
        if not (many or few):
            return None
        return posts[0].event_at if posts else at - rule.window

    if chosen.min_values is None:
        return ByPost(rule.window, verdict)
    return ByGrid(rule.window, verdict, grace=chosen.grace)


def _wants(rule: Rule) -> Wants:
    return Wants(values=options(rule, CardinalityOptions).field)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from keyword_fault(rule, "field")
    chosen = options(rule, CardinalityOptions)
    if chosen.max_values is None and chosen.min_values is None:
        yield "max_values", "is missing, and so is min_values: give one of them"


def _when(rule: Rule) -> str:
    chosen = options(rule, CardinalityOptions)
    more = None if chosen.max_values is None else f"more than {chosen.max_values}"
    fewer = None if chosen.min_values is None else f"fewer than {chosen.min_values}"
    bounds = " or ".join(filter(None, (more, fewer)))
    return (
        f"when within {in_words(rule.window)} there are {bounds} different values of {chosen.field}"
    )


CARDINALITY = Kind(
    name="cardinality",
    meaning="how many different values",
    keys={
        "field": KEYWORD,
        "max_values": whole("more different values than this ring"),
        "min_values": whole("fewer different values than this ring"),
        "sources": SOURCES,
        "grace": GRACE,
    },
    required=("field",),
    detector=_detector,
    when=_when,
    late="A late post is counted in every window that its time lies in",
    wants=_wants,
    faults=_faults,
)
