"""Time as the rest of Tocsin sees it: a port, the system's clock, and one that tests move.

Wall time is UTC in integer microseconds since 1970, as in every record. Monotonic
time is in seconds and only differences of it mean anything.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

MICROSECOND = 1
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Where time comes from. Implementations are safe to share between threads."""

    def now(self) -> int:
        """UTC, in microseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class MovableClock:
    """A clock that stands still until it is moved; sleeping moves it.

    Ships for tests and for back-tests, which replay a night in seconds.
    """

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            # Never zero: a loop that waits for the rest of a deadline must get there.
            self.advance(max(1, round(seconds * SECOND)))

    def advance(self, microseconds: int) -> None:
        """Move wall and monotonic time forward together."""
        if microseconds < 0:
            raise ValueError("time is moved forward only; use set() for a step of the wall clock")
        self._now += microseconds
        self._monotonic += microseconds / SECOND

    def set(self, now: int) -> None:
        """Step the wall clock alone, as an adjustment of the machine's clock does."""
        self._now = now


def to_datetime(microseconds: int) -> datetime:
    """The same instant as an aware datetime in UTC."""
    seconds, rest = divmod(microseconds, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime.

    Raises ValueError for a naive one: guessing its time zone would be a silent lie.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is ambiguous")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
