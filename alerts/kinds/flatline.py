"""``flatline``: too few posts within a window, or none."""

from __future__ import annotations

import msgspec

from alerts.kinds.keys import GRACE, SOURCES, duration, in_words, options, whole
from alerts.kinds.port import Judge, Kind, View
from alerts.kinds.sliding import ByGrid, Lookout
from model.clock import DAY, MINUTE
from model.rule import Rule


class FlatlineOptions(msgspec.Struct, frozen=True):
    """A group that was not heard of for ``forget`` is no longer missed."""

    forget: int = 7 * DAY
    grace: int = 15 * MINUTE


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, FlatlineOptions)

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.between(at - rule.window + 1, at)
        return at - rule.window if span.size < rule.threshold else None

    return ByGrid(rule.window, verdict, grace=chosen.grace, forget=chosen.forget)


def _when(rule: Rule) -> str:
    return f"when fewer than {rule.threshold} posts match within {in_words(rule.window)}"


FLATLINE = Kind(
    name="flatline",
    meaning="fewer than threshold within window",
    keys={
        "threshold": whole("how many posts there must be within one window", 1, 10_000),
        "forget": duration("when a silent group is no longer missed, as 7d (left out)"),
        "sources": SOURCES,
        "grace": GRACE,
    },
    required=("threshold",),
    detector=_detector,
    when=_when,
    late="A late post ends the silence that it breaks, and withdraws what was wrongly raised",
)
