"""The searchable fields of one post, as every engine sees them.

They are read once per post, by the table in :mod:`index.catalogue`. The predicate
evaluates them, and the document of the search engine is built from them, so that a rule
and a search agree on what a post says.
"""

from __future__ import annotations

import math
from typing import TypeVar

from index.catalogue import FIELDS, KeywordField, NumberField
from index.geo import cells_of
from index.readings import Values
from index.view import POST_VIEW, PostView
from model.enriched import Enrichment

__all__ = ["BOUNDARY", "POST_VIEW", "Fields", "PostView", "fields_of"]

BOUNDARY = "\x1e"
"""A token that no tokenizer yields. It keeps the words of the text from those inside its
hashtags, so that no phrase reaches from one into the other."""

MAX_WHOLE = 2**62
"""Whole numbers and moments beyond this are cut, so that within 64 bits there is always a
bound that lies beyond every value."""

_Number = TypeVar("_Number", int, float)


class Fields:
    """What can be asked of one post.

    ``body`` is the text's tokens with a space around each, then BOUNDARY and the words
    inside its hashtags; ``words`` is all of them as a set, made when first asked for.
    ``keywords`` and ``numbers`` hold only what is there. ``cells`` is where the post is,
    in the terms of :mod:`index.geo`; ``event_at`` its own time in UTC microseconds.
    """

    __slots__ = ("body", "cells", "event_at", "keywords", "numbers", "words")

    words: frozenset[str]

    def __init__(
        self,
        *,
        body: str,
        keywords: dict[str, Values],
        numbers: dict[str, float],
        cells: frozenset[str],
        event_at: int,
    ) -> None:
        self.body = body
        self.keywords = keywords
        self.numbers = numbers
        self.cells = cells
        self.event_at = event_at

    def __getattr__(self, name: str) -> frozenset[str]:
        # Called for a slot that is still empty: rules need the set, the index does not.
        if name != "words":
            raise AttributeError(name)
        self.words = frozenset(self.body.split(" "))
        return self.words


def fields_of(post: PostView, enrichment: Enrichment) -> Fields:
    """The fields of one post. Never fails: a value that makes no sense is left out."""
    tokens, parts = enrichment.tokens, enrichment.parts
    keywords = {name: found for name, read in _KEYWORDS if (found := read(post, enrichment))}
    numbers: dict[str, float] = {}
    if post.metrics or post.author:
        _read_counts(post, enrichment, numbers)
    if enrichment.tension:
        _read_scores(post, enrichment, numbers)
    return Fields(
        body=f" {tokens} {BOUNDARY} {parts} " if parts else f" {tokens} ",
        keywords=keywords,
        numbers=numbers,
        cells=_cells(post, enrichment) if enrichment.places or post.geo else _NOWHERE,
        event_at=_within(post.event_at),
    )


_KEYWORDS = tuple((f.name, f.read) for f in FIELDS.values() if isinstance(f, KeywordField))
_NUMBERS = tuple(f for f in FIELDS.values() if isinstance(f, NumberField))
_COUNTS = tuple((f.name, f.read) for f in _NUMBERS if f.whole)
_SCORES = tuple((f.name, f.read) for f in _NUMBERS if not f.whole)
_NOWHERE: frozenset[str] = frozenset()


def _within(number: _Number) -> _Number:
    return max(-MAX_WHOLE, min(number, MAX_WHOLE))


def _read_counts(post: PostView, enrichment: Enrichment, into: dict[str, float]) -> None:
    for name, read in _COUNTS:
        count = read(post, enrichment)
        if count is not None:
            into[name] = _within(count)


def _read_scores(post: PostView, enrichment: Enrichment, into: dict[str, float]) -> None:
    """Without not-a-number, which no engine orders alike; adding 0.0 makes -0.0 zero."""
    for name, read in _SCORES:
        score = read(post, enrichment)
        if score is not None and not math.isnan(score):
            into[name] = score + 0.0


def _cells(post: PostView, enrichment: Enrichment) -> frozenset[str]:
    """Where the post is: every place but that of the profile, and the attached position."""
    cells: set[str] = set()
    for place in enrichment.places:
        if place.origin != "profile" and place.lat is not None and place.lon is not None:
            cells.update(cells_of(place.lat, place.lon))
    if post.geo is not None:
        cells.update(cells_of(post.geo.lat, post.geo.lon))
    return frozenset(cells)
