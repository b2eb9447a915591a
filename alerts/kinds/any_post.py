"""``any``: every matching post raises an incident, or joins the one that is going on."""

from __future__ import annotations

from alerts.kinds.keys import in_words
from alerts.kinds.port import Kind, Runs
from alerts.kinds.runs import Density
from model.rule import Rule

LATE_RUNS = (
    "A late post is put where it belongs: it may move the start of an incident, or make one of two"
)


def every_post(rule: Rule) -> Runs:
    """The detector of all kinds that ring for each post."""
    return Density(1, rule.window)


def _when(rule: Rule) -> str:
    return f"when a post matches; posts within {in_words(rule.window)} of each other are one"


ANY = Kind(name="any", meaning="each match", detector=every_post, when=_when, late=LATE_RUNS)
