"""What is asked of the text: words, phrases and wildcards, cut up by the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from index.catalogue import FIELDS, NumberField
from index.query.ast import MatchAll, Node, Phrase, Prefix, Term, Wildcard
from index.query.limits import MAX_GAPS
from index.query.proximity import gap_layouts
from index.query.spelling import check_start, spelling
from model.errors import QueryError

Tokenize: TypeAlias = Callable[[str], list[str]]

_FORGOTTEN_COLON = re.compile(r"([a-z._]+)([<>]=?|=).")


class Words:
    """Makes nodes of words, with the tokenizer that the enricher uses."""

    def __init__(self, tokenize: Tokenize, *, for_rule: bool) -> None:
        self._tokenize = tokenize
        self._for_rule = for_rule

    def word(self, typed: str, position: int) -> Node:
        """A single word. One that the tokenizer cuts into several becomes a phrase."""
        self._check_comparison(typed, position)
        spelt = spelling(typed, position)
        if spelt.literal is not None:
            return self.phrase(spelt.literal, 0, position)
        pattern = spelt.pattern(lambda part: self._part(part, position))
        if pattern == "*":
            return MatchAll()
        if self._for_rule:
            check_start(pattern, position)
        if pattern.endswith("*") and len(spelt.wildcards) == 1:
            return Prefix(pattern[:-1])
        return Wildcard(pattern)

    def phrase(self, text: str, slop: int, position: int) -> Node:
        """Words next to each other, or with at most ``slop`` others between them."""
        tokens = self._tokenize(text)
        if not tokens:
            raise QueryError(
                f"{text!r} holds no word",
                position=position,
                hint="Signs are not searched, only words, numbers, emoji, #hashtags and @names",
            )
        if len(tokens) == 1:
            return Term(tokens[0])
        if gap_layouts(len(tokens), slop) > MAX_GAPS:
            raise QueryError(
                f"{len(tokens)} words within {slop} are too far apart to be searched",
                position=position,
                hint="Lower the number after ~, or join fewer words by AND",
            )
        return Phrase(tuple(tokens), slop)

    def _part(self, text: str, position: int) -> str:
        tokens = self._tokenize(text)
        if len(tokens) != 1:
            raise QueryError(
                f"{text!r} beside a wildcard is not one word",
                position=position,
                hint="A wildcard stands inside or after a single word",
            )
        return tokens[0]

    def _check_comparison(self, typed: str, position: int) -> None:
        comparison = _FORGOTTEN_COLON.match(typed)
        if comparison and isinstance(FIELDS.get(comparison[1]), NumberField):
            raise QueryError(
                f"{comparison[1]} is a field, and a colon is missing after it",
                position=position + comparison.end(1),
                hint=f"Write {comparison[1]}:{typed[comparison.end(1) :]}",
            )
