"""What a judge may know of one series, read from the store when it asks."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from model.coverage import CoverageInterval, CoverageState
from model.episode import Contribution, Series
from model.rule import Rule
from store.engine import Repositories

_SIGHTED: frozenset[CoverageState] = frozenset({"live", "backfilled"})
_SIGHTLESS: frozenset[CoverageState] = frozenset({"blind", "degraded"})


class Ledger:
    """What all sources reported up to now, read once for as many rules as ask."""

    def __init__(self, tx: Repositories, now: int) -> None:
        self._tx = tx
        self._now = now

    @cached_property
    def intervals(self) -> Sequence[CoverageInterval]:
        """Every interval of every source."""
        return self._tx.coverage.intervals(0, self._now)


class Sight:
    """What the sources of one rule were watched for.

    Of the sources that it names, or of all, each that was there must have been live, or
    filled from history since; and one at least must have been there. A source that is
    not authorised is not there.
    """

    def __init__(self, ledger: Ledger, rule: Rule) -> None:
        named = rule.options.get("sources", ())
        self._patterns = named if isinstance(named, tuple | list) else ()
        self._ledger = ledger

    def seen(self, first: int, last: int) -> bool:
        """Whether what is not there was not published."""
        intervals = self._intervals(first, last)
        return self._whole(intervals, first, last) and not self._why(intervals)

    def blind(self, first: int, last: int) -> bool:
        """Whether a source was known to be blind at some time between."""
        return bool(self._why(self._intervals(first, last)))

    def why(self, first: int, last: int) -> str:
        """Why it cannot be known what was published, or nothing if it can."""
        intervals = self._intervals(first, last)
        known = self._whole(intervals, first, last)
        return self._why(intervals) or ("" if known else "no source watched all the time")

    def _why(self, intervals: Sequence[CoverageInterval]) -> str:
        dim = sorted({i.source for i in intervals if i.state in _SIGHTLESS})
        return f"not all was seen by {', '.join(dim)}" if dim else ""

    def _whole(self, intervals: Sequence[CoverageInterval], first: int, last: int) -> bool:
        """Whether at every moment some source watched."""
        reached = first
        watching = (i for i in intervals if i.state in _SIGHTED)
        for interval in sorted(watching, key=lambda each: each.since):
            if interval.since > reached:
                return False
            reached = max(reached, last + 1 if interval.until is None else interval.until)
        return reached > last

    def _intervals(self, first: int, last: int) -> list[CoverageInterval]:
        """Those that overlap the span."""
        return [
            interval
            for interval in self._named
            if interval.since <= last and (interval.until is None or interval.until > first)
        ]

    @cached_property
    def _named(self) -> list[CoverageInterval]:
        return [each for each in self._ledger.intervals if self._names(each.source)]

    def _names(self, source: str) -> bool:
        return not self._patterns or any(fnmatchcase(source, p) for p in self._patterns)


class StoredView:
    """A series as the transaction sees it."""

    def __init__(self, tx: Repositories, series: Series, since: int, sight: Sight) -> None:
        self.group = series.group
        self.since = since
        self._tx = tx
        self._key = series.key
        self._sight = sight

    def posts(self, first: int, last: int) -> Sequence[Contribution]:
        return self._tx.contributions.within(self._key, first, last)

    def before(self, at: int) -> int | None:
        return self._tx.contributions.neighbours(self._key, at - 1).before

    def after(self, at: int) -> int | None:
        return self._tx.contributions.neighbours(self._key, at + 1).after

    def seen(self, first: int, last: int) -> bool:
        return self._sight.seen(first, last)

    def blind(self, first: int, last: int) -> bool:
        return self._sight.blind(first, last)
