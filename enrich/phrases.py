"""Finding many phrases at once: one Aho-Corasick automaton over the joined tokens.

The time depends on the text alone, not on how many phrases there are. The only file
that knows pyahocorasick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import ahocorasick


class Hit(NamedTuple):
    """A phrase that stands in a text, as a range of tokens."""

    first: int
    after: int
    phrase: str


class PhraseScanner:
    """A fixed set of phrases, each written as folded tokens joined by single spaces."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for phrase in phrases:
            self._automaton.add_word(f" {phrase} ", phrase)
        self._filled = len(self._automaton) > 0
        self._automaton.make_automaton()

    def longest(self, tokens: Sequence[str]) -> list[Hit]:
        """The phrases in these tokens, from left to right: of two that overlap, the one that
        starts first, and of two that start together the longer."""
        if not self._filled:
            return []
        joined = f" {' '.join(tokens)} "
        found = [
            (end - len(phrase) - 1, end, phrase) for end, phrase in self._automaton.iter(joined)
        ]
        if len(found) > 1:
            found.sort(key=_by_start_and_length)
        hits: list[Hit] = []
        free = 0
        for start, end, phrase in found:
            if start >= free:
                first = joined.count(" ", 0, start)
                hits.append(Hit(first, first + phrase.count(" ") + 1, phrase))
                free = end
        return hits


def _by_start_and_length(found: tuple[int, int, str]) -> tuple[int, int]:
    return found[0], -found[1]
