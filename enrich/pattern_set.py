"""Hundreds of patterns at once: which of them are worth trying on a text.

The sets of words on the routes of all patterns are numbered, equal ones once, and called
keys. A text's keys are those that hold one of its words; they are kept as the bits of one
integer, since texts have dozens and integers are joined and compared in one step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from enrich.lexicon_pattern import Pattern, Words

T = TypeVar("T")

_LONGEST_KEPT = 32


class PatternSet(Generic[T]):
    """Many patterns, each with what it belongs to.

    Which keys hold a word is remembered for ``remembered`` words.
    """

    def __init__(self, patterns: Iterable[tuple[Pattern, T]], *, remembered: int = 50_000) -> None:
        self._patterns = list(patterns)
        bits: dict[Words, int] = {}
        self._by_first: dict[int, list[tuple[int, int]]] = {}
        self._firsts = 0
        for at, (pattern, _) in enumerate(self._patterns):
            for route in pattern.routes:
                first, *others = [bits.setdefault(words, 1 << len(bits)) for words in route]
                self._by_first.setdefault(first, []).append((sum(set(others)), at))
                self._firsts |= first
        self.keys = KeyMemo(bits, remembered)

    def candidates(self, words: Iterable[str]) -> list[tuple[Pattern, T]]:
        """The patterns that may fit a text with these words, in the order of definition."""
        keys = 0
        for word in words:
            keys |= self.keys[word]
        return self.of_keys(keys)

    def of_keys(self, keys: int) -> list[tuple[Pattern, T]]:
        """The patterns that may fit a text whose words have these keys."""
        found: set[int] = set()
        left = keys & self._firsts
        while left:
            first = left & -left
            for others, at in self._by_first[first]:
                if others & keys == others:
                    found.add(at)
            left ^= first
        return [self._patterns[at] for at in sorted(found)]

    def words(self) -> frozenset[str]:
        """All words, and beginnings with ``*``, of all patterns."""
        return frozenset().union(*(pattern.words for pattern, _ in self._patterns))


class WordSet:
    """Words, and beginnings of words with ``*``."""

    def __init__(self, words: Iterable[str]) -> None:
        every = frozenset(words)
        self._whole = frozenset(word for word in every if not word.endswith("*"))
        self._beginnings = frozenset(word.rstrip("*") for word in every - self._whole)
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def __contains__(self, word: str) -> bool:
        if word in self._whole:
            return True
        return any(word[:length] in self._beginnings for length in self._lengths)


class KeyMemo(dict[str, int]):
    """The keys of words; emptied when full, and blind to overlong words."""

    def __init__(self, bits: dict[Words, int], limit: int) -> None:
        super().__init__()
        self.limit = limit
        self._whole: dict[str, int] = {}
        self._beginnings: dict[str, int] = {}
        for words, bit in bits.items():
            for word in words:
                where = self._beginnings if word.endswith("*") else self._whole
                plain = word.rstrip("*")
                where[plain] = where.get(plain, 0) | bit
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def __missing__(self, word: str) -> int:
        keys = self._whole.get(word, 0)
        for length in self._lengths:
            keys |= self._beginnings.get(word[:length], 0)
        if len(self) >= self.limit:
            self.clear()
        if len(word) <= _LONGEST_KEPT:
            self[word] = keys
        return keys
