"""Labelled posts as the numbers that weights are fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.place_context import LEXICAL_CONTEXT, Names, context_keys
from enrich.place_keys import Keys, KeyTable
from enrich.place_scores import PLACES, TypeMemo, arrange, spread_keys
from enrich.place_types import FAR, LEXICAL, NEAR, OWN
from enrich.place_words import WordKnowledge
from enrich.tokens import tokenize
from enrich.training.corpora import LABELS, ORGANISATION, PERSON, Corpus, labels_of

_BATCH = 2_000
_TYPE_COLUMNS = (FAR, NEAR, OWN, NEAR, FAR)
_BEFORE_OWN = FAR + NEAR
_ALL_TYPE_COLUMNS = sum(_TYPE_COLUMNS)
LEXICAL_COLUMNS = (
    *(_BEFORE_OWN + at for at in LEXICAL),
    *(_ALL_TYPE_COLUMNS + at for at in LEXICAL_CONTEXT),
)
"""Columns of the matrix that tell a word by its letters."""


class Examples(NamedTuple):
    """Words of posts, one post after another: the keys of their features (0: none), the
    labels that each may have as bits, where posts begin and end, and their weights."""

    keys: Keys
    allowed: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


def examples(corpora: Sequence[Corpus], known: WordKnowledge, names: Names) -> Examples:
    """The examples of all posts that have words."""
    keys: list[Keys] = []
    allowed: list[int] = []
    bounds = [0]
    weights: list[float] = []
    for corpus in corpora:
        for start in range(0, len(corpus.posts), _BATCH):
            posts = [p for p in corpus.posts[start : start + _BATCH] if tokenize(p.text).surface]
            if not posts:
                continue
            keys.append(feature_keys([p.text for p in posts], known, names, corpus.domain))
            for post in posts:
                labels = labels_of(post)
                allowed += [_bits(label, complete=post.complete) for label in labels]
                bounds.append(bounds[-1] + len(labels))
                weights.append(corpus.weight)
    return Examples(
        np.concatenate(keys),
        np.array(allowed, np.int64),
        np.array(bounds, np.int64),
        np.array(weights, np.float32),
    )


def feature_keys(texts: Sequence[str], known: WordKnowledge, names: Names, domain: int) -> Keys:
    """The keys of every word of the texts, a row each."""
    batch = [tokenize(text) for text in texts]
    memo = TypeMemo(known)
    numbered, own = memo.numbers(batch)
    arranged = arrange(batch, numbered, memo.codes)
    blank = np.zeros((1, OWN), np.uint32)
    blank[0, 0] = memo.codes[0, 0]
    spread = spread_keys(np.concatenate([blank, own]), domain)
    real = np.flatnonzero(arranged.row.real)
    columns = [spread[place][arranged.types[real + place]] for place in PLACES]
    columns.append(context_keys(arranged.row, names, domain).T[real])
    return np.concatenate(columns, axis=1)


def _bits(label: int, *, complete: bool) -> int:
    if label or complete:
        return 1 << label
    return sum(1 << other for other in _OTHERS)


_OTHERS = (0, PERSON, PERSON + 1, ORGANISATION, ORGANISATION + 1)
ALL_LABELS = (1 << LABELS) - 1


class Sparse(NamedTuple):
    """The features of each word by their numbers: ``starts[n]`` to ``starts[n + 1]`` of
    ``features`` are those of word n."""

    features: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]


def frequent_keys(keys: Keys, least: int) -> Keys:
    """The keys that occur at least so often, in order."""
    found, counts = np.unique(keys[keys != 0], return_counts=True)
    frequent: Keys = found[counts >= least]
    return frequent


def sparse(keys: Keys, table: KeyTable) -> Sparse:
    """The features that the table has."""
    rows = table.rows(keys)
    kept = rows != table.absent
    starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64)
    return Sparse(rows[kept], starts)


def lexical(keys: Keys, table: KeyTable) -> npt.NDArray[np.bool_]:
    """Which features of the table tell a word by its letters."""
    flags = np.zeros(table.absent + 1, np.bool_)
    flags[table.rows(keys[:, list(LEXICAL_COLUMNS)]).ravel()] = True
    flags[table.absent] = False
    return flags
