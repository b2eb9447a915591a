"""Context: what around a finding makes it worth less, or more.

"No knife was found", "stabbed in 1979", "the striker stabbed it home": the same words as
in a report of a stabbing, and none of them is one.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from enrich.lexicon import Context, Entry
from enrich.lexicon_pattern import Pattern
from enrich.pattern_set import PatternSet
from enrich.reading import SENTENCE, Reading


class Range(NamedTuple):
    """A range of words of a reading."""

    first: int
    after: int


class Setting(NamedTuple):
    """A context that holds in a post, and where its words stand."""

    context: Context
    places: list[Range]


class Contexts:
    """All contexts of a lexicon, looked for at once."""

    def __init__(self, contexts: Sequence[Context]) -> None:
        self._patterns = PatternSet([(p, c) for c in contexts for p in c.patterns])

    def words(self) -> frozenset[str]:
        """All words of all contexts."""
        return self._patterns.words()

    def settings(self, reading: Reading) -> list[Setting]:
        """The contexts that hold somewhere in the post."""
        found: dict[str, Setting] = {}
        for pattern, context in self._patterns.candidates(set(reading.words)):
            places = find(pattern, reading)
            if places and not fits_any(context.unless, reading):
                found.setdefault(context.name, Setting(context, [])).places.extend(places)
        return list(found.values())


def find(pattern: Pattern, reading: Reading) -> list[Range]:
    """Where a pattern fits, as ranges of words."""
    ranges = []
    for match in pattern.expression.finditer(reading.text):
        first = reading.word_at(match.start())
        ranges.append(Range(first, first + match.group().count(" ")))
    return ranges


def fits_any(patterns: Iterable[Pattern], reading: Reading) -> bool:
    """Whether one of the patterns fits anywhere."""
    return any(pattern.expression.search(reading.text) for pattern in patterns)


def sentence_of(reading: Reading, word: int) -> int:
    """The number of the sentence in which a word stands."""
    ends = [at for at, w in enumerate(reading.words) if w == SENTENCE]
    return bisect.bisect_left(ends, word)


def effect(
    reading: Reading, entry: Entry, category: str, at: Range, settings: Iterable[Setting]
) -> tuple[float, list[str]]:
    """By how much the contexts change what a finding is worth, and their reasons."""
    factor = 1.0
    reasons = []
    for context, places in settings:
        if category not in context.categories or context.name in entry.ignores:
            continue
        if context.idiom and entry.firm:
            continue
        if any(_reaches(reading, context, place, at) for place in places):
            factor *= context.factor
            reasons.append(context.reason)
    return factor, reasons


def _reaches(reading: Reading, context: Context, place: Range, at: Range) -> bool:
    if context.scope == "post":
        return True
    if sentence_of(reading, place.first) != sentence_of(reading, at.first):
        return False
    if context.scope == "sentence":
        return True
    ahead = at.first - place.after
    if context.scope == "before":
        return -(at.after - at.first) < ahead <= context.reach and place.first <= at.first
    behind = place.first - at.after
    return max(ahead, behind) <= context.reach
