"""What in a text a query asked for, as spans of code points.

Computed from the token offsets that the enricher kept, not by the search engine, so that
what is marked is exactly what matched. What a query excludes is not marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import singledispatch
from typing import TypeAlias

from index.folding import fold_handle, fold_name
from index.geo import cells_near, cells_of
from index.query.ast import (
    And,
    Exists,
    Keyword,
    KeywordPattern,
    Near,
    Node,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)
from index.query.patterns import compile_pattern
from index.query.proximity import occurrences
from model.enriched import Enrichment, Place, unpack_offsets

Span: TypeAlias = tuple[int, int]


def highlights(node: Node, text: str, enrichment: Enrichment) -> list[Span]:
    """The spans of the text that the query asked for, sorted, without overlap.

    Words are marked as whole tokens, and a word inside a hashtag marks the hashtag. A
    query for a place, a distance or a tension marks the mention or the evidence.
    """
    inside = (
        (max(0, start), min(end, len(text))) for start, end in _spans(node, _Text(enrichment))
    )
    return _merged(span for span in inside if span[0] < span[1])


class _Text:
    """The tokens of one text with their places in it."""

    def __init__(self, enrichment: Enrichment) -> None:
        self.enrichment = enrichment
        self.tokens = enrichment.tokens.split(" ") if enrichment.tokens else []
        self.parts = frozenset(enrichment.parts.split(" ")) - {""}
        self._offsets = unpack_offsets(enrichment.offsets)
        if len(self._offsets) != 2 * len(self.tokens):
            self.tokens = []

    def span(self, first: int, last: int) -> Span:
        """From the start of one token to the end of another."""
        return self._offsets[2 * first], self._offsets[2 * last + 1]

    def tokens_that(self, fits: Callable[[str], bool]) -> Iterator[Span]:
        """Tokens that fit, and those of which a part does."""
        parts = [part for part in self.parts if fits(part)]
        for index, token in enumerate(self.tokens):
            if fits(token) or any(_holds(token, part) for part in parts):
                yield self.span(index, index)

    def places_that(self, fits: Callable[[Place], bool]) -> Iterator[Span]:
        """Mentions of places that fit."""
        for place in self.enrichment.places:
            if place.origin == "mention" and fits(place):
                yield place.start, place.end

    def evidence(self, fits: Callable[[str], bool]) -> Iterator[Span]:
        """The evidence of those categories of tension that fit."""
        for tension in self.enrichment.tension:
            if fits(tension.category):
                yield from ((found.start, found.end) for found in tension.evidence)


def _holds(token: str, part: str) -> bool:
    """Whether a part was taken from this token: a word of a hashtag, the owner of a
    possessive, or one of joined emoji."""
    return part in token and (token[0] == "#" or token == f"{part}s" or not part.isalnum())


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@singledispatch
def _spans(_node: Node, _text: _Text) -> Iterable[Span]:
    """The spans of one node. What is not registered below asks for nothing in the text."""
    return ()


@_spans.register
def _(node: And, text: _Text) -> Iterable[Span]:
    return [span for child in node.nodes for span in _spans(child, text)]


@_spans.register
def _(node: Or, text: _Text) -> Iterable[Span]:
    return [span for child in node.nodes for span in _spans(child, text)]


@_spans.register
def _(node: Term, text: _Text) -> Iterable[Span]:
    return text.tokens_that(node.value.__eq__)


@_spans.register
def _(node: Prefix, text: _Text) -> Iterable[Span]:
    return text.tokens_that(lambda token: token.startswith(node.value))


@_spans.register
def _(node: Wildcard, text: _Text) -> Iterable[Span]:
    fits = compile_pattern(node.pattern).match
    return text.tokens_that(lambda token: fits(token) is not None)


@_spans.register
def _(node: Phrase, text: _Text) -> Iterable[Span]:
    for positions in occurrences(text.tokens, node.values, node.slop):
        if node.slop:
            yield from (text.span(position, position) for position in positions)
        else:
            yield text.span(positions[0], positions[-1])


@_spans.register
def _(node: Keyword, text: _Text) -> Iterable[Span]:
    return _of_field(text, node.field, node.value.__eq__)


@_spans.register
def _(node: KeywordPattern, text: _Text) -> Iterable[Span]:
    fits = compile_pattern(node.pattern).match
    return _of_field(text, node.field, lambda value: fits(value) is not None)


@_spans.register
def _(node: Exists, text: _Text) -> Iterable[Span]:
    return _of_field(text, node.field, lambda _: True)


@_spans.register
def _(node: Range, text: _Text) -> Iterable[Span]:
    field, _, category = node.field.partition(".")
    return _of_field(text, field, category.__eq__)


@_spans.register
def _(node: Near, text: _Text) -> Iterable[Span]:
    cells = cells_near(node.lat, node.lon, node.radius_m)

    def near(place: Place) -> bool:
        if place.lat is None or place.lon is None:
            return False
        return not cells.isdisjoint(cells_of(place.lat, place.lon))

    return text.places_that(near)


def _of_field(text: _Text, field: str, fits: Callable[[str], bool]) -> Iterable[Span]:
    match field:
        case "place":
            return text.places_that(lambda place: fits(fold_name(place.name)))
        case "tension":
            return text.evidence(fits)
        case "hashtag":
            return text.tokens_that(lambda t: t[0] == "#" and fits(fold_handle(t)))
        case "mention":
            return text.tokens_that(lambda t: t[0] == "@" and fits(fold_handle(t)))
    return ()
