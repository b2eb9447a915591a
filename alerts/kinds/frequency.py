"""``frequency``: so many different posts within one window."""

from __future__ import annotations

from alerts.kinds.any_post import LATE_RUNS
from alerts.kinds.keys import THRESHOLD, in_words
from alerts.kinds.port import Kind, Runs
from alerts.kinds.runs import Density
from model.rule import Rule


def _detector(rule: Rule) -> Runs:
    return Density(rule.threshold, rule.window)


def _when(rule: Rule) -> str:
    return f"when {rule.threshold} different posts match within {in_words(rule.window)}"


FREQUENCY = Kind(
    name="frequency",
    meaning="threshold of them within window",
    keys={"threshold": THRESHOLD},
    required=("threshold",),
    detector=_detector,
    when=_when,
    late=f"{LATE_RUNS}, and it counts towards the threshold of its own time",
)
