"""``metric_spike``: a figure is many times that of the window before."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from alerts.kinds.figures import Aggregate, figure
from alerts.kinds.keys import NUMBER, in_words, number, number_fault, options
from alerts.kinds.metric import AGGREGATE
from alerts.kinds.port import Judge, Kind, View, Wants
from alerts.kinds.sliding import Lookout
from alerts.kinds.spike import COMMON, Direction, judge, leaps
from model.clock import MINUTE
from model.rule import Rule


class MetricSpikeOptions(msgspec.Struct, frozen=True):
    """``least_now`` and ``least_before`` are the smallest figures of the two windows."""

    field: str
    aggregate: Aggregate
    height: float
    direction: Direction = "up"
    least_now: float | None = None
    least_before: float | None = None
    grace: int = 15 * MINUTE


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, MetricSpikeOptions)

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.window(at)
        now = figure(lookout, span, chosen.aggregate)
        before = figure(lookout, lookout.window_before(at), chosen.aggregate)
        if now is None or before is None:
            return None
        if not (_reaches(now, chosen.least_now) and _reaches(before, chosen.least_before)):
            return None
        stands_out = leaps(now, before, chosen.height, chosen.direction)
        return lookout.at(span.start) if stands_out else None

    return judge(rule, verdict, chosen.direction, chosen.grace)


def _reaches(value: float, least: float | None) -> bool:
    return least is None or value >= least


def _wants(rule: Rule) -> Wants:
    return Wants(number=options(rule, MetricSpikeOptions).field)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from number_fault(rule, "field")


def _when(rule: Rule) -> str:
    chosen = options(rule, MetricSpikeOptions)
    than = {"up": "more", "down": "less", "both": "more or less"}[chosen.direction]
    return (
        f"when the {chosen.aggregate} of {chosen.field} within {in_words(rule.window)} is "
        f"{chosen.height:g} times {than} than in the same span before"
    )


METRIC_SPIKE = Kind(
    name="metric_spike",
    meaning="a figure leaps or falls",
    keys={
        **COMMON,
        "field": NUMBER,
        "aggregate": AGGREGATE,
        "least_now": number("the smallest figure that this window must have"),
        "least_before": number("the smallest figure that the window before must have"),
    },
    required=("field", "aggregate", "height"),
    detector=_detector,
    when=_when,
    late="A late post enters the figures of every moment whose windows its time lies in",
    wants=_wants,
    faults=_faults,
)
