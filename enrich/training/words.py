"""What unlabelled posts teach of words: groups of words that stand in the same
surroundings, and how often people write a word with a capital."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from enrich.place_keys import text_key
from enrich.place_types import normal
from enrich.place_words import WordFacts
from enrich.tokens import Tokens

_VIEWS = (((1, 48), (16, 128, 512)), ((3, 64), (64, 400)))
"""Two sets of vectors, by how many words to each side count and how long a vector is, and
into how many clusters each is divided. A narrow view groups words by their part in a
sentence, a wider one by what they are about."""
_ORDER = (0, 3, 1, 4, 2)
"""The clusterings from the coarsest to the finest."""
_LEAST_USES = 4
_LEAST_CASES = 3
_ROUNDS = 15

Vectors = npt.NDArray[np.float32]


def word_facts(posts: Sequence[Tokens], seed: int = 1) -> dict[int, WordFacts]:
    """The facts of every word of the posts that is frequent enough. Needs gensim."""
    sentences = [sentence(tokens) for tokens in posts]
    columns: list[dict[str, int]] = []
    for (window, size), divisions in _VIEWS:
        words, vectors = _vectors(sentences, window, size, seed)
        columns += [
            dict(zip(words, (_clusters(vectors, count, seed) + 1).tolist(), strict=True))
            for count in divisions
        ]
    capitals = capital_shares(posts)
    every = {*capitals, *columns[0]}
    return {
        text_key(word): WordFacts(
            tuple(columns[at].get(word, 0) for at in _ORDER), capitals.get(word, 0)
        )
        for word in every
    }


def sentence(tokens: Tokens) -> list[str]:
    """The words of a post as the clusters know them."""
    return [normal(s, f) for s, f in zip(tokens.surface, tokens.folded, strict=True)]


def _vectors(
    sentences: Sequence[list[str]], window: int, size: int, seed: int
) -> tuple[list[str], Vectors]:
    from gensim.models import Word2Vec  # noqa: PLC0415 - of the extra "train"

    model = Word2Vec(
        sentences,
        vector_size=size,
        window=window,
        min_count=_LEAST_USES,
        sg=1,
        negative=8,
        epochs=6,
        workers=1,
        sample=1e-3,
        seed=seed,
        hashfxn=text_key,
    )
    vectors = np.asarray(model.wv.vectors, np.float32)
    return list(model.wv.index_to_key), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _clusters(vectors: Vectors, count: int, seed: int) -> npt.NDArray[np.intp]:
    """The cluster of each vector, by spherical k-means."""
    chosen = np.random.default_rng(seed).choice(min(len(vectors), 6_000), count, replace=False)
    centres = vectors[chosen].copy()
    nearest = np.zeros(len(vectors), np.intp)
    for _ in range(_ROUNDS):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        for at in range(count):
            members = vectors[nearest == at]
            if len(members):
                mean = members.mean(axis=0)
                centres[at] = mean / np.linalg.norm(mean)
    return nearest


def capital_shares(posts: Iterable[Tokens]) -> dict[str, int]:
    """The share of capitals of each word inside sentences that are not all capitals, from
    1 (under a sixth) to 6."""
    small: Counter[str] = Counter()
    large: Counter[str] = Counter()
    for tokens in posts:
        capitals = sum(word[0].isupper() for word in tokens.surface)
        if capitals >= 0.6 * len(tokens.surface):
            continue
        for at in range(1, len(tokens.surface)):
            word = tokens.surface[at]
            if word.isalpha() and tokens.gap(at) == " ":
                (large if word[0].isupper() else small)[normal(word, tokens.folded[at])] += 1
    return {
        word: 1 + min(5, 6 * large[word] // (large[word] + small[word]))
        for word in {*small, *large}
        if large[word] + small[word] >= _LEAST_CASES
    }
