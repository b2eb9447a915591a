"""Detectors of runs of posts, which need no more than the posts' times."""

from __future__ import annotations

from collections.abc import Sequence


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
