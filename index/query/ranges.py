"""Bounds of ranges over whole numbers, the same for every engine."""

from __future__ import annotations

import math

from index.query.ast import Range

_FARTHEST = 2**63 - 1


def whole_bounds(node: Range) -> tuple[int | None, int | None]:
    """The smallest and the largest whole number inside the range; None where it is open."""
    low = high = None
    if node.low is not None:
        low = math.ceil(node.low) if node.include_low else math.floor(node.low) + 1
    if node.high is not None:
        high = math.floor(node.high) if node.include_high else math.ceil(node.high) - 1
    return clamped(low), clamped(high)


def clamped(bound: int | None) -> int | None:
    """The nearest whole number that 64 bits hold; posts have none that is so large."""
    return None if bound is None else max(-_FARTHEST, min(bound, _FARTHEST))
