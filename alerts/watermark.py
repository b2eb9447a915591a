"""Up to when it is certain that everything has been counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bus.port import Log
from model.clock import Clock
from model.topics import (
    ALERT_MATCHES,
    GROUP_MATCH,
    GROUP_WINDOW,
    POSTS_ENRICHED,
    POSTS_RAW,
)

_Offsets = Mapping[int, int]


class _Mark(NamedTuple):
    """A moment, and where the posts of that time end; once those are matched, also where
    their matches end."""

    at: int
    posts: _Offsets
    matches: _Offsets | None = None


class LogWatermark:
    """Follows the log through the stages.

    The ends of the posts are noted, and the moment. Once every post before them is
    matched, the ends of the matches are noted; once those are counted, the moment is the
    watermark, and the next one is noted. So it lags behind by what the chain takes, and
    stands still while the chain does: then nobody claims that nothing was posted.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._reached = 0
        self._mark: _Mark | None = None

    def __call__(self) -> int:
        """The moment up to which all is counted that had reached the log, in UTC
        microseconds; 0 until that is known of any. Raises LogUnavailable."""
        if self._mark is None:
            self._mark = _Mark(self._clock.now(), self._log.ends(POSTS_RAW.name))
        mark = self._mark
        if mark.matches is None and self._past(GROUP_MATCH, POSTS_ENRICHED.name, mark.posts):
            mark = self._mark = mark._replace(matches=self._log.ends(ALERT_MATCHES.name))
        if mark.matches is not None and self._past(GROUP_WINDOW, ALERT_MATCHES.name, mark.matches):
            self._reached, self._mark = mark.at, None
        return self._reached

    def _past(self, group: str, topic: str, ends: _Offsets) -> bool:
        positions = self._log.positions(group, topic)
        return all(positions.get(partition, 0) >= end for partition, end in ends.items())
