"""Places inside hashtags: Manchester in ``#PrayForManchester``, Guildford in
``#guildfordfire``.

A name counts where nothing is left of the hashtag but years and words that say what
happens to a place (``data/hashtag_cues.txt``), so Manchester in ``#ManchesterUnited``
does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from enrich.gazetteer import Gazetteer
from enrich.tokens import fold_token, hashtag_words
from enrich.wordlists import groups, words

_SHORTEST = 4
_LONGEST_KEPT = 48
_MOST_KEPT = 20_000


class Inside(NamedTuple):
    """A place inside a hashtag: its start and end counted from the ``#``, and its key."""

    start: int
    end: int
    name: str


class HashtagPlaces:
    """Takes hashtags apart. What was found is remembered for some thousands of them."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        cues = groups("hashtag_cues")
        self._before, self._after = cues["before"], cues["after"]
        self._ordinary = words("ordinary_words")
        self._found: dict[str, Inside | None] = {}

    def inside(self, surface: str) -> Inside | None:
        """The place inside a hashtag that says something else besides; None if none is."""
        if surface in self._found:
            return self._found[surface]
        found = next(self._readings(surface), None)
        if len(surface) <= _LONGEST_KEPT:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[surface] = found
        return found

    def _readings(self, surface: str) -> Iterator[Inside]:
        parts = [part for part in hashtag_words(surface) if not part.isdigit()]
        if len(parts) == 1:
            yield from self._of_one_word(surface, parts[0])
            return
        for length in range(len(parts) - 1, 0, -1):
            for first in range(len(parts) - length + 1):
                after = first + length
                if self._are_cues(parts[:first], parts[after:]):
                    yield from self._named(surface, "".join(parts[first:after]))

    def _are_cues(self, before: list[str], after: list[str]) -> bool:
        if not before and not after:
            return False
        return (not before or fold_token("".join(before)) in self._before) and (
            not after or fold_token("".join(after)) in self._after
        )

    def _of_one_word(self, surface: str, word: str) -> Iterator[Inside]:
        if len(word) < len(surface) - 1:
            yield from self._named(surface, word)
        folded = fold_token(word)
        if len(folded) != len(word):
            return
        for cut in range(_SHORTEST, len(word)):
            if folded[cut:] in self._after:
                yield from self._named(surface, word[:cut])
        for cut in range(len(word) - _SHORTEST, 1, -1):
            if folded[:cut] in self._before:
                yield from self._named(surface, word[cut:])

    def _named(self, surface: str, word: str) -> Iterator[Inside]:
        folded = fold_token(word)
        if len(folded) < _SHORTEST or folded in self._ordinary:
            return
        name = self._gazetteer.written_together(folded)
        start = surface.find(word)
        if name is not None and start > 0:
            yield Inside(start, start + len(word), name)
