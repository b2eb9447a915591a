"""How long things took: counts per range of seconds, as Prometheus counts them."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

BOUNDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0,
)  # fmt: skip
"""Upper ends of the ranges in seconds, inclusive; one more range is open."""


class Distribution(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts for the ranges between :data:`BOUNDS`, and the sum of all seconds."""

    counts: tuple[int, ...] = ()
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts)

    def __add__(self, other: Distribution) -> Distribution:
        return Distribution(
            tuple(map(sum, zip(_whole(self), _whole(other), strict=True))),
            self.seconds + other.seconds,
        )

    def since(self, earlier: Distribution) -> Distribution:
        """What has come since an earlier state of the same counts."""
        pairs = zip(_whole(self), _whole(earlier), strict=True)
        return Distribution(tuple(a - b for a, b in pairs), self.seconds - earlier.seconds)

    def quantile(self, share: float) -> float | None:
        """The seconds within which this share (0 to 1) stayed, interpolated in its range.

        None where nothing was counted. In the open range its lower end is the answer.
        """
        wanted = share * self.total
        if not self.total:
            return None
        below = 0
        for number, count in enumerate(self.counts):
            if count and below + count >= wanted:
                return _between(number, (wanted - below) / count)
            below += count
        return BOUNDS[-1]


class Stopwatches:
    """Counts durations. Belongs to one thread."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Something took so long; less than nothing, as clocks of two machines may give,
        counts as nothing."""
        seconds = max(0.0, seconds)
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def read(self) -> Distribution:
        """Everything so far."""
        return Distribution(tuple(self._counts), self._seconds)


def _whole(distribution: Distribution) -> tuple[int, ...]:
    return distribution.counts or (0,) * (len(BOUNDS) + 1)


def _between(number: int, share: float) -> float:
    if number >= len(BOUNDS):
        return BOUNDS[-1]
    lower = BOUNDS[number - 1] if number else 0.0
    return lower + (BOUNDS[number] - lower) * share
