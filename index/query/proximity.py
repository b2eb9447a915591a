"""Words in order, next to each other or with others between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence


def occurrences(
    tokens: Sequence[str], values: Sequence[str], slop: int
) -> Iterator[tuple[int, ...]]:
    """Where the values stand in this order with at most ``slop`` other tokens between them.

    One occurrence for each start that has one: the tightest, as positions in ``tokens``.
    """
    first = values[0]
    longest = len(values) + slop
    for start, token in enumerate(tokens):
        if token == first:
            positions = _tightest(tokens, values, start, start + longest)
            if positions:
                yield positions


def _tightest(
    tokens: Sequence[str], values: Sequence[str], start: int, end: int
) -> tuple[int, ...]:
    """The next place of each value after the one before; none if that leads beyond ``end``."""
    positions = [start]
    for value in values[1:]:
        try:
            positions.append(tokens.index(value, positions[-1] + 1, end))
        except ValueError:
            return ()
    return tuple(positions)


def gap_layouts(words: int, slop: int) -> int:
    """In how many ways at most ``slop`` other tokens can lie between so many words."""
    return math.comb(slop + words - 1, words - 1)


def layouts(words: int, slop: int) -> Iterator[tuple[int, ...]]:
    """Each of these ways, as positions of the words counted from the first.

    For an engine that finds words at given distances but knows no ordered proximity.
    """
    if words == 1:
        yield (0,)
        return
    for gap in range(slop + 1):
        for rest in layouts(words - 1, slop - gap):
            yield (0, *(1 + gap + position for position in rest))
