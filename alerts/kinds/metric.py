"""``metric``: a figure made of a number of each post is too high or too low."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from alerts.kinds.figures import AGGREGATES, Aggregate, figure
from alerts.kinds.keys import (
    GRACE,
    NUMBER,
    SOURCES,
    in_words,
    number,
    number_fault,
    one_of,
    options,
    whole,
)
from alerts.kinds.port import Judge, Kind, View, Wants
from alerts.kinds.sliding import ByGrid, ByPost, Lookout
from model.clock import MINUTE
from model.rule import Rule

AGGREGATE = one_of("how the numbers become one: mean, sum, min, max or count", *AGGREGATES)


class MetricOptions(msgspec.Struct, frozen=True):
    """A figure above ``max_value`` or below ``min_value`` rings, of ``least_posts`` at least."""

    field: str
    aggregate: Aggregate
    max_value: float | None = None
    min_value: float | None = None
    least_posts: int = 1
    grace: int = 15 * MINUTE


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, MetricOptions)

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.window(at)
        if span.size < chosen.least_posts:
            return None
        value = figure(lookout, span, chosen.aggregate)
        if value is None:
            return None
        high = chosen.max_value is not None and value > chosen.max_value
        low = chosen.min_value is not None and value < chosen.min_value
        return lookout.at(span.start) if high or low else None

    if chosen.min_value is None:
        return ByPost(rule.window, verdict)
    return ByGrid(rule.window, verdict, grace=chosen.grace)


def _wants(rule: Rule) -> Wants:
    return Wants(number=options(rule, MetricOptions).field)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from number_fault(rule, "field")
    chosen = options(rule, MetricOptions)
    if chosen.max_value is None and chosen.min_value is None:
        yield "max_value", "is missing, and so is min_value: give one of them"


def _when(rule: Rule) -> str:
    chosen = options(rule, MetricOptions)
    above = None if chosen.max_value is None else f"above {chosen.max_value:g}"
    below = None if chosen.min_value is None else f"below {chosen.min_value:g}"
    bounds = " or ".join(filter(None, (above, below)))
    span = in_words(rule.window)
    return f"when the {chosen.aggregate} of {chosen.field} within {span} is {bounds}"


METRIC = Kind(
    name="metric",
    meaning="a figure is too high or too low",
    keys={
        "field": NUMBER,
        "aggregate": AGGREGATE,
        "max_value": number("a figure above this rings"),
        "min_value": number("a figure below this rings"),
        "least_posts": whole("how many posts the window must have"),
        "sources": SOURCES,
        "grace": GRACE,
    },
    required=("field", "aggregate"),
    detector=_detector,
    when=_when,
    late="A late post enters the figure of every window that its time lies in",
    wants=_wants,
    faults=_faults,
)
