"""The kinds of rule: when a run of matches gives alarm.

A further kind adds its name to ``model.rule.RuleKind`` and to ``rule.schema.json``, and
its detector to :data:`DETECTORS`; nothing else knows the kinds apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from model.rule import Rule, RuleKind


class Detector(Protocol):
    """Decides when an episode gives alarm. Stateless; times are UTC microseconds."""

    @property
    def window(self) -> int:
        """The longest pause within an episode. Posts further apart than this must not
        bear on each other's alarm."""
        ...

    def alarm(self, times: Sequence[int]) -> int | None:
        """The event time of the first of the posts that give alarm, or None if none do.

        ``times`` are those of distinct posts of one episode, in order. More posts never
        take an alarm away.
        """
        ...


class Density:
    """Alarm once ``threshold`` posts fall within one window."""

    def __init__(self, threshold: int, window: int) -> None:
        self.window = window
        self._threshold = threshold

    def alarm(self, times: Sequence[int]) -> int | None:
        behind = self._threshold - 1
        for first, last in zip(times, times[behind:], strict=False):
            if last - first <= self.window:
                return first
        return None


class Lasting:
    """For what a rule left behind that is no longer there: it stands, in one piece, as
    long as any post of it does."""

    window = 2**62

    def alarm(self, times: Sequence[int]) -> int | None:
        return times[0] if times else None


DETECTORS: Mapping[RuleKind, Callable[[Rule], Detector]] = {
    "any": lambda rule: Density(1, rule.window),
    "frequency": lambda rule: Density(rule.threshold, rule.window),
}


def detector(rule: Rule | None) -> Detector:
    """What decides for this rule; None is a rule that was removed."""
    return Lasting() if rule is None else DETECTORS[rule.kind](rule)
