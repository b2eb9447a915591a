"""Finding the names of a gazetteer in a post, straight from its mapped files.

From each token on, words are added as long as names begin with what they make. What is
known of single words is remembered, since posts repeat them; nothing else is held, so a
gazetteer of millions of names costs no more memory than a small one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from enrich.gazetteer import BEGINS, WHOLE, Gazetteer

LATER = 4
"""Some name has the word after its first one."""

_REMEMBERED = 50_000
_LONGEST_KEPT = 32


class Hit(NamedTuple):
    """A name that stands in a post, as a range of tokens."""

    first: int
    after: int
    phrase: str


class NameScanner:
    """Finds names; ``never`` are keys that do not count."""

    def __init__(self, gazetteer: Gazetteer, never: Collection[str] = ()) -> None:
        self._gazetteer = gazetteer
        self._never = frozenset(never)
        self._words = WordMemo(gazetteer, _REMEMBERED)

    def longest(self, tokens: Sequence[str]) -> list[Hit]:
        """The names in these tokens, from left to right: of two that overlap, the one that
        starts first, and of two that start together the longer."""
        known = list(map(self._words.__getitem__, tokens))
        hits: list[Hit] = []
        free = 0
        for first, about in enumerate(known):
            if first < free or not about & (WHOLE | BEGINS):
                continue
            name, after = self._from(tokens, first, known)
            if name:
                hits.append(Hit(first, after, name))
                free = after
        return hits

    def _from(self, tokens: Sequence[str], first: int, known: Sequence[int]) -> tuple[str, int]:
        """The longest name that starts at a token, and where it ends; empty if none does."""
        key, after, about = tokens[first], first + 1, known[first]
        name, end = "", first
        while True:
            if about & WHOLE and key not in self._never:
                name, end = key, after
            if not about & BEGINS or after == len(tokens) or not known[after] & LATER:
                return name, end
            key = f"{key} {tokens[after]}"
            after += 1
            about = self._gazetteer.find(key)


class WordMemo(dict[str, int]):
    """What is known of single words; emptied when full, and blind to overlong ones."""

    def __init__(self, gazetteer: Gazetteer, limit: int) -> None:
        super().__init__()
        self._gazetteer = gazetteer
        self.limit = limit

    def __missing__(self, word: str) -> int:
        known = self._gazetteer.find(word)
        if self._gazetteer.goes_on_with(word):
            known |= LATER
        if len(self) >= self.limit:
            self.clear()
        if len(word) <= _LONGEST_KEPT:
            self[word] = known
        return known
