"""Which rules a post satisfies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from alerts.filing import Filing, filings
from alerts.rules import LoadedRule
from index.fields import Fields
from index.query.predicate import Predicate

Rarity = Callable[[str], int]
"""About how often a term occurs: the rarer, the smaller."""


class _Drawer(NamedTuple):
    """The rules filed under one term: those that need no other, and by a second term
    those that do."""

    alone: list[int]
    paired: dict[str, list[int]]
    seconds: frozenset[str]


class Matcher:
    """Evaluates for each post only the rules of which it holds two required terms.

    Each rule is filed under terms of which every post that satisfies it holds one, and
    there, where it requires more, under terms of which such a post holds another. The few
    rules that require no term are evaluated for every post. What a post costs depends on
    its words and on the rules that come close to it, and hardly on how many there are.
    """

    def __init__(self, rules: Iterable[LoadedRule], rarity: Rarity) -> None:
        self._tests: list[tuple[LoadedRule, Predicate]] = []
        self._always: list[int] = []
        filed: dict[str, _Drawer] = {}
        for loaded in rules:
            if loaded.query is None:
                continue
            number = len(self._tests)
            self._tests.append((loaded, loaded.test))
            found = filings(loaded.query, rarity)
            if found is None:
                self._always.append(number)
            else:
                _file(filed, number, found)
        self._by_term = {
            term: drawer._replace(seconds=frozenset(drawer.paired))
            for term, drawer in filed.items()
        }
        self._terms = frozenset(filed)

    def match(self, fields: Fields) -> Sequence[LoadedRule]:
        """The rules that a post with these fields satisfies, in their order."""
        tests = self._tests
        numbers = self._candidates(fields.words)
        return [loaded for loaded, test in map(tests.__getitem__, numbers) if test(fields)]

    def _candidates(self, words: frozenset[str]) -> list[int]:
        numbers = self._always
        present = self._terms & words
        if not present:
            return numbers
        numbers = numbers.copy()
        for alone, paired, seconds in map(self._by_term.__getitem__, present):
            numbers += alone
            for second in seconds & words:
                numbers += paired[second]
        return sorted(set(numbers))


def _file(filed: dict[str, _Drawer], number: int, found: Iterable[Filing]) -> None:
    for firsts, seconds in found:
        for first in firsts:
            drawer = filed.setdefault(first, _Drawer([], {}, frozenset()))
            if not seconds:
                drawer.alone.append(number)
            for second in seconds:
                drawer.paired.setdefault(second, []).append(number)
