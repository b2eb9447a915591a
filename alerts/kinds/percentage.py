"""``percentage``: which part of the posts satisfies a second query."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from alerts.kinds.keys import GRACE, SOURCES, in_words, number, options, text, whole
from alerts.kinds.port import Judge, Kind, View, Wants
from alerts.kinds.sliding import ByGrid, Lookout
from model.clock import MINUTE
from model.rule import Rule

MATCHING = "matching"
_PERCENT = {"minimum": 0, "maximum": 100}


class PercentageOptions(msgspec.Struct, frozen=True):
    """Of the posts of the rule, ``matching`` picks a part, in percent."""

    max_percent: float | None = None
    min_percent: float | None = None
    least_posts: int = 1
    grace: int = 15 * MINUTE


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, PercentageOptions)

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.window(at)
        if span.size < chosen.least_posts:
            return None
        part = sum(1 for post in lookout.posts[span.start : span.end] if post.values)
        percent = 100 * part / span.size
        high = chosen.max_percent is not None and percent > chosen.max_percent
        low = chosen.min_percent is not None and percent < chosen.min_percent
        return lookout.at(span.start) if high or low else None

    return ByGrid(rule.window, verdict, grace=chosen.grace)


def _wants(_: Rule) -> Wants:
    return Wants(tests=True)


def _queries(_: Rule) -> str:
    return MATCHING


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    chosen = options(rule, PercentageOptions)
    if chosen.max_percent is None and chosen.min_percent is None:
        yield "max_percent", "is missing, and so is min_percent: give one of them"


def _when(rule: Rule) -> str:
    chosen = options(rule, PercentageOptions)
    more = None if chosen.max_percent is None else f"more than {chosen.max_percent:g} %"
    less = None if chosen.min_percent is None else f"less than {chosen.min_percent:g} %"
    bounds = " or ".join(filter(None, (more, less)))
    span = in_words(rule.window)
    return f"when {bounds} of the posts within {span} match {rule.options.get(MATCHING)}"


PERCENTAGE = Kind(
    name="percentage",
    meaning="the part that matches a second query",
    keys={
        MATCHING: text("the query that picks the part"),
        "max_percent": number("a larger part than this rings, in percent", **_PERCENT),
        "min_percent": number("a smaller part than this rings, in percent", **_PERCENT),
        "least_posts": whole("how many posts the window must have"),
        "sources": SOURCES,
        "grace": GRACE,
    },
    required=(MATCHING,),
    detector=_detector,
    when=_when,
    late="A late post enters the part of every window that its time lies in",
    wants=_wants,
    queries=_queries,
    faults=_faults,
)
