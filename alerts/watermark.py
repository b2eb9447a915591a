"""Up to when it is certain that everything has been counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bus.port import Log
from model.clock import Clock
from model.topics import (
    ALERT_MATCHES,
    GROUP_ENRICH,
    GROUP_MATCH,
    GROUP_WINDOW,
    POSTS_ENRICHED,
    POSTS_RAW,
)

_CHAIN = (
    (GROUP_ENRICH, POSTS_RAW.name),
    (GROUP_MATCH, POSTS_ENRICHED.name),
    (GROUP_WINDOW, ALERT_MATCHES.name),
)
"""Who reads what, from the post to the incident."""


class _Mark(NamedTuple):
    """A moment, how many stages have passed on all that was there at it, and the ends of
    what the next one reads."""

    at: int
    passed: int
    ends: Mapping[int, int]


class LogWatermark:
    """Follows what was in the log at some moment through the stages.

    The ends of the posts are noted, with the moment. Once a stage is past the ends that
    were noted of what it reads, those of what it writes are noted for the next. Once the
    last stage is past them, the moment is the watermark, and another is taken. So it lags
    behind by what the chain takes, and stands still while a stage does: then nobody
    claims that nothing was posted.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._reached = 0
        self._mark: _Mark | None = None

    def __call__(self) -> int:
        """The moment up to which all is counted that had reached the log, in UTC
        microseconds; 0 until that is known of any. Raises LogUnavailable."""
        mark = self._mark or _Mark(self._clock.now(), 0, self._ends(0))
        while mark.passed < len(_CHAIN) and self._is_past(mark):
            passed = mark.passed + 1
            mark = _Mark(mark.at, passed, self._ends(passed))
        if mark.passed == len(_CHAIN):
            self._reached, self._mark = mark.at, None
        else:
            self._mark = mark
        return self._reached

    def _ends(self, stage: int) -> Mapping[int, int]:
        return self._log.ends(_CHAIN[stage][1]) if stage < len(_CHAIN) else {}

    def _is_past(self, mark: _Mark) -> bool:
        group, topic = _CHAIN[mark.passed]
        positions = self._log.positions(group, topic)
        return all(positions.get(partition, 0) >= end for partition, end in mark.ends.items())
