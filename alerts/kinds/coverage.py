"""``coverage``: a source is blind, so that its silence means nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from alerts.kinds.keys import SOURCES, in_words, options, texts
from alerts.kinds.port import Kind, Stretch, Watching
from model.coverage import CoverageInterval
from model.rule import Rule


class CoverageOptions(msgspec.Struct, frozen=True):
    """``states`` are those that count as blind."""

    sources: tuple[str, ...] = ("*",)
    states: tuple[str, ...] = ("blind",)


class Blindness:
    """Rings for each source that was in one of the states for a whole window."""

    def __init__(self, window: int, sources: Sequence[str], states: Sequence[str]) -> None:
        self.window = window
        self._sources = tuple(sources)
        self._states = frozenset(states)

    def stretches(
        self, intervals: Sequence[CoverageInterval], now: int
    ) -> Mapping[str, list[Stretch]]:
        """What follows in another of the states belongs to the same stretch. One that goes
        on ends where it began to ring, so that it stays the same while it lasts."""
        runs: defaultdict[str, list[tuple[int, int | None]]] = defaultdict(list)
        for interval in sorted(intervals, key=lambda each: (each.source, each.since)):
            if interval.state in self._states and self._names(interval.source):
                runs[interval.source].append((interval.since, interval.until))
        return {source: list(self._long(_joined(run), now)) for source, run in runs.items()}

    def _names(self, source: str) -> bool:
        return any(fnmatchcase(source, pattern) for pattern in self._sources)

    def _long(self, runs: list[tuple[int, int | None]], now: int) -> list[Stretch]:
        found = []
        for since, until in runs:
            if (now if until is None else min(until, now)) - since >= self.window:
                found.append(Stretch(since, since + self.window if until is None else until))
        return found


def _joined(runs: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    joined: list[tuple[int, int | None]] = []
    for since, until in runs:
        if joined and joined[-1][1] == since:
            joined[-1] = joined[-1][0], until
        else:
            joined.append((since, until))
    return joined


def _detector(rule: Rule) -> Watching:
    chosen = options(rule, CoverageOptions)
    return Blindness(rule.window, chosen.sources, chosen.states)


def _when(rule: Rule) -> str:
    chosen = options(rule, CoverageOptions)
    states = " or ".join(chosen.states)
    return f"when a source of {', '.join(chosen.sources)} is {states} for {in_words(rule.window)}"


COVERAGE = Kind(
    name="coverage",
    meaning="a source is blind",
    keys={
        "sources": SOURCES,
        "states": texts(
            "what counts as blind: blind (left out), degraded, not_authorised",
            "one of blind, degraded, not_authorised",
            1,
            3,
        ),
    },
    detector=_detector,
    when=_when,
    late="No post bears on it. A gap that is filled from history has still been one",
    reads_posts=False,
)
