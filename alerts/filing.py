"""Under which terms a query is filed, so that few posts need to be tried on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple, TypeAlias

from index.query.ast import And, Node, Or, Phrase, Term

_Rarity: TypeAlias = Callable[[str], int]
_MOST_PAIRS = 4_096
"""Pairs of terms for one filing; more are not worth their memory."""


class Filing(NamedTuple):
    """Terms of which a post must hold one, and others of which it must hold one too (none
    where there is no such demand)."""

    firsts: frozenset[str]
    seconds: frozenset[str] = frozenset()


def filings(node: Node, rarity: _Rarity) -> list[Filing] | None:
    """Filings of which every post that satisfies the query meets at least one.

    None if a post may satisfy it without any particular term. ``rarity`` says how often a
    term occurs: the fewer, the rarer; of several demands the rarest two are taken.
    """
    if isinstance(node, Term):
        return [Filing(frozenset((node.value,)))]
    if isinstance(node, Phrase):
        first, *rest = sorted(dict.fromkeys(node.values), key=rarity)
        return [Filing(frozenset((first,)), frozenset(rest[:1]))]
    if isinstance(node, And):
        return _of_all(node.nodes, rarity)
    if isinstance(node, Or):
        found = [filings(child, rarity) for child in node.nodes]
        if not found or None in found:
            return None
        return _gathered(chain.from_iterable(filter(None, found)))
    return None


def _of_all(nodes: Iterable[Node], rarity: _Rarity) -> list[Filing] | None:
    """Where everything is demanded, the two rarest demands."""
    demands = [found for node in nodes if (found := filings(node, rarity))]
    if len(demands) < 2:
        return demands[0] if demands else None
    terms = sorted(map(_terms, demands), key=lambda each: sum(map(rarity, each)))
    first, second = terms[0], terms[1] - terms[0]
    if terms[0] & terms[1] or len(first) * len(second) > _MOST_PAIRS:
        return [Filing(first)]
    return [Filing(first, second)]


def _terms(found: Iterable[Filing]) -> frozenset[str]:
    """Terms of which a post that meets one of the filings holds at least one."""
    return frozenset().union(*(filing.firsts for filing in found))


def _gathered(found: Iterable[Filing]) -> list[Filing]:
    """The same filings, those without a second demand as one."""
    filed = list(found)
    alone = frozenset().union(*(filing.firsts for filing in filed if not filing.seconds))
    paired = [filing for filing in filed if filing.seconds]
    return [*paired, Filing(alone)] if alone else paired
