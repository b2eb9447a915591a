"""Fitting the weights: a few passes with dropout, averaged over passes and seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.place_keys import Keys, KeyTable
from enrich.training.corpora import LABELS
from enrich.training.kernel import Pass
from enrich.training.matrix import ALL_LABELS, Examples, Sparse, frequent_keys, lexical, sparse

FORBIDDEN = -1e6
Floats = npt.NDArray[np.float64]


class Recipe(NamedTuple):
    """How to fit. ``least_uses`` is how often a feature must occur; ``drop`` the share of
    features withheld at random, ``drop_lexical`` the share of words whose letters are."""

    passes: int = 8
    seeds: int = 3
    rate: float = 0.02
    shrink: float = 1e-5
    drop: float = 0.4
    drop_lexical: float = 0.3
    least_uses: int = 8
    least_weight: float = 0.02


class Fitted(NamedTuple):
    """Weights by key (a row of labels each), the scores of one label after another, and
    of a label at the start of a post."""

    keys: Keys
    weights: Floats
    chain: Floats
    start: Floats


def fit(data: Examples, recipe: Recipe, one_pass: Pass) -> Fitted:
    """The weights that explain the labels best."""
    keys = frequent_keys(data.keys, recipe.least_uses)
    table = KeyTable(keys)
    features = sparse(data.keys, table)
    total = np.zeros((len(keys), LABELS))
    chains = np.zeros((LABELS, LABELS))
    words = _Words(features, lexical(data.keys, table), len(keys))
    for seed in range(recipe.seeds):
        weights, chain = _one_seed(data, words, recipe, one_pass, seed)
        total += weights
        chains += chain
    total, chains = total / recipe.seeds, chains / recipe.seeds
    kept = np.abs(total).max(axis=1, initial=0.0) > recipe.least_weight
    return Fitted(keys[kept], total[kept], chains, start_scores())


class _Words(NamedTuple):
    """The features of all words, which of them tell by letters, and how many there are."""

    features: Sparse
    letters: npt.NDArray[np.bool_]
    number: int


def _one_seed(
    data: Examples, words: _Words, recipe: Recipe, one_pass: Pass, seed: int
) -> tuple[Floats, Floats]:
    features = words.features
    weights = np.zeros((words.number, LABELS))
    squares = np.zeros_like(weights)
    chain, chain_squares = chain_scores(), np.zeros((LABELS, LABELS))
    sums, chain_sums, averaged = np.zeros_like(weights), np.zeros_like(chain), 0
    random = np.random.default_rng(seed)
    for number in range(recipe.passes):
        order = random.permutation(len(data.weights))
        one_pass(
            order, features.features, features.starts, data.bounds, data.allowed, data.weights,
            weights, squares, chain, chain_squares, start_scores(), ALL_LABELS, words.letters,
            recipe.rate, recipe.shrink, recipe.drop, recipe.drop_lexical, seed * 100 + number,
        )  # fmt: skip
        if number >= recipe.passes // 2:
            sums += weights
            chain_sums += chain
            averaged += 1
    return sums / averaged, chain_sums / averaged


def chain_scores() -> Floats:
    """Nought for every label after every other, but a name goes on only after it began."""
    chain = np.zeros((LABELS, LABELS))
    for inner in range(2, LABELS, 2):
        before = [label for label in range(LABELS) if label not in (inner - 1, inner)]
        chain[before, inner] = FORBIDDEN
    return chain


def start_scores() -> Floats:
    """No post begins inside a name."""
    start = np.zeros(LABELS)
    start[2::2] = FORBIDDEN
    return start
