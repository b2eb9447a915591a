"""Which rules a post satisfies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from alerts.rules import LoadedRule
from index.fields import Fields
from index.query.predicate import Predicate, required_terms

Rarity = Callable[[str], int]
"""About how often a term occurs: the rarer, the smaller."""


class Matcher:
    """Evaluates for each post only the rules of which it holds a required term.

    Each rule is filed under the rarest set of terms of which every post that satisfies
    it holds at least one. The few rules that require no term are evaluated for every
    post. So ten thousand rules cost little more than ten.
    """

    def __init__(self, rules: Iterable[LoadedRule], rarity: Rarity) -> None:
        self._tests: list[tuple[LoadedRule, Predicate]] = []
        self._always: list[int] = []
        self._by_term: dict[str, list[int]] = {}
        for number, loaded in enumerate(rule for rule in rules if rule.query is not None):
            self._tests.append((loaded, loaded.test))
            assert loaded.query is not None
            terms = required_terms(loaded.query, rarity)
            if terms is None:
                self._always.append(number)
            else:
                for term in terms:
                    self._by_term.setdefault(term, []).append(number)
        self._terms = frozenset(self._by_term)

    def match(self, fields: Fields) -> Sequence[LoadedRule]:
        """The rules that a post with these fields satisfies, in their order."""
        present = self._terms.intersection(fields.words)
        numbers: Iterable[int] = self._always
        if present:
            filed = chain.from_iterable(map(self._by_term.__getitem__, present))
            numbers = sorted({*self._always, *filed})
        tests = self._tests
        return [rule for rule, test in map(tests.__getitem__, numbers) if test(fields)]
