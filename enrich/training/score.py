"""How good a recogniser is: exact spans, with intervals, and how sure it is of which."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from enrich.port import Mention, PlaceRecogniser
from enrich.tokens import tokenize
from enrich.training.corpora import PLACE, Labelled

_BATCH = 500
_ROUNDS = 1_000


class Counts(NamedTuple):
    """Mentions of a post: right ones, found ones, labelled ones."""

    right: int
    found: int
    labelled: int


class Score(NamedTuple):
    """Precision, recall and F1 of exact spans, and the middle 95 % of F1 when the posts are
    drawn again and again."""

    precision: float
    recall: float
    f1: float
    low: float
    high: float


class Judged(NamedTuple):
    """A mention's confidence, and whether it is right."""

    confidence: float
    right: bool


def score(recogniser: PlaceRecogniser, posts: Sequence[Labelled]) -> Score:
    """The score on labelled posts."""
    counts = [_counts(post, found) for post, found in _found(recogniser, posts)]
    draw = random.Random(0)  # noqa: S311 - no secret
    resampled = sorted(_f1(draw.choices(counts, k=len(counts))) for _ in range(_ROUNDS))
    right, found, labelled = _sum(counts)
    return Score(
        right / max(found, 1),
        right / max(labelled, 1),
        _f1(counts),
        resampled[round(0.025 * _ROUNDS)],
        resampled[round(0.975 * _ROUNDS) - 1],
    )


def judged(recogniser: PlaceRecogniser, posts: Sequence[Labelled]) -> list[Judged]:
    """Every mention that the recogniser finds, judged by the labels."""
    return [
        Judged(mention.confidence, (mention.start, mention.end) in _gold(post))
        for post, found in _found(recogniser, posts)
        for mention in found
    ]


def _found(
    recogniser: PlaceRecogniser, posts: Sequence[Labelled]
) -> list[tuple[Labelled, list[Mention]]]:
    pairs: list[tuple[Labelled, list[Mention]]] = []
    for start in range(0, len(posts), _BATCH):
        batch = posts[start : start + _BATCH]
        found = recogniser.find([tokenize(post.text) for post in batch])
        pairs += zip(batch, found, strict=True)
    return pairs


def _gold(post: Labelled) -> set[tuple[int, int]]:
    """The labelled places, each without a leading ``#`` and a full stop behind."""
    spans = {(s.start, s.end) for s in post.spans if s.label == PLACE}
    return {(a + (post.text[a] == "#"), b - (post.text[b - 1] == ".")) for a, b in spans}


def _counts(post: Labelled, found: Sequence[Mention]) -> Counts:
    gold = _gold(post)
    said = {(mention.start, mention.end) for mention in found}
    return Counts(len(gold & said), len(said), len(gold))


def _sum(counts: Sequence[Counts]) -> tuple[int, int, int]:
    return (
        sum(c.right for c in counts),
        sum(c.found for c in counts),
        sum(c.labelled for c in counts),
    )


def _f1(counts: Sequence[Counts]) -> float:
    right, found, labelled = _sum(counts)
    return 2 * right / max(found + labelled, 1)
