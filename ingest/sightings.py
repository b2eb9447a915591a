"""What a source sees, as the coverage ledger is told: changes at once, and a sign of life.

A ledger that cannot be reached stops no collector. What it should have been told waits
here, in order, with the times at which it happened.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from ingest.port import CoverageLedger
from model.clock import SECOND
from model.coverage import CoverageGap, CoverageState
from model.errors import TransientError


class SightPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a failing source counts as blind, by failures in a row or by seconds since the
    first of them, and how often the ledger hears of a source to which nothing happens."""

    blind_after_failures: int = 3
    blind_after_seconds: float = 900.0
    heartbeat_seconds: float = 60.0


class _Entry(NamedTuple):
    state: CoverageState
    at: int
    reason: str
    posts: int


class Sightings:
    """The coverage of one source. Times are UTC microseconds."""

    def __init__(self, source: str, ledger: CoverageLedger, policy: SightPolicy) -> None:
        self._source = source
        self._ledger = ledger
        self._policy = policy
        self._state: CoverageState | None = None
        self._reason = ""
        self._failures = 0
        self._failing_since = 0
        self._posts = 0
        self._heard_at = 0
        self._unsent: deque[_Entry | CoverageGap] = deque()

    def succeeded(self, now: int, posts: int) -> None:
        """The source answered, and brought so many posts."""
        self._failures = 0
        self._posts += posts
        self._see("live", now, "")

    def failed(self, now: int, reason: str) -> None:
        """The source, or the way from it into the log, failed for now."""
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        long = now - self._failing_since >= self._policy.blind_after_seconds * SECOND
        blind = long or self._failures >= self._policy.blind_after_failures
        self._count(now)
        self._see("blind" if blind else "degraded", now, reason)

    def amended(self, gap: CoverageGap) -> None:
        """The source knows more of a time that has passed."""
        self._unsent.append(gap)
        self._send()

    def ended(self, now: int, state: CoverageState, reason: str) -> None:
        """Nothing more comes from the source."""
        self._count(now)
        self._see(state, now, reason)

    def beat(self, now: int) -> None:
        """Say that the collector is alive, if it is time to."""
        if self._state is not None and now >= self._heard_at + self._beat_interval():
            self._tell(self._state, now, self._reason)

    def _see(self, state: CoverageState, now: int, reason: str) -> None:
        """A state keeps the reason that it began with, lest every retry open an interval."""
        if state == self._state:
            self.beat(now)
            return
        self._state, self._reason = state, reason
        self._tell(state, now, reason)

    def _count(self, now: int) -> None:
        """The posts so far belong to the state so far."""
        if self._posts and self._state is not None:
            self._tell(self._state, now, self._reason)

    def _tell(self, state: CoverageState, now: int, reason: str) -> None:
        self._heard_at = now
        entry = _Entry(state, now, reason, self._posts)
        self._posts = 0
        last = self._unsent[-1] if self._unsent else None
        if isinstance(last, _Entry) and last.state == state:
            self._unsent.pop()
            entry = last._replace(posts=last.posts + entry.posts)
        self._unsent.append(entry)
        self._send()

    def _send(self) -> None:
        try:
            while self._unsent:
                match self._unsent[0]:
                    case _Entry() as entry:
                        self._ledger.record(self._source, *entry)
                    case gap:
                        self._ledger.amend(
                            self._source, gap.since, gap.until, gap.state, gap.reason
                        )
                self._unsent.popleft()
        except TransientError:
            return

    def _beat_interval(self) -> int:
        return round(self._policy.heartbeat_seconds * SECOND)
