"""A small trained model that weighs what the lexicon finds against how a post is put.

A post becomes a set of features: its words, pairs of neighbours, pieces of words (for
dialect and disguise), its shape, and what the lexicon says of it. Each is hashed into one
of :data:`BUCKETS` rows of weights. The first column answers whether the post is about any
tension at all, the others about which category it is, given that there is some.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.lexicon import Entry
from model.enriched import TENSION_CATEGORIES, Tension
from model.errors import ConfigurationError

Floats = npt.NDArray[np.float32]

SHIPPED_MODEL = Path(__file__).parent / "data" / "tension-model.npz"
BUCKETS = 1 << 16
HEADS = 1 + len(TENSION_CATEGORIES)
SCALE = 8.0
"""The weights of a post are added up and divided by the root of their number; this brings
the sum back to the order of a log-odds."""

_SHORTEST_PIECE = 3
_LONGEST_PIECE = 5
_LONGEST_WORD = 32
_REMEMBERED = 50_000
_LIKELY_TOO = 0.4
_LEXICON_SHARE = 0.65
_SIGNS = (("?", "question"), ("!", "shout"), (":", "colon"), ('"', "quote"), ("#", "hash"),
          ("@", "at"), ("http", "link"))  # fmt: skip


class TensionModel(NamedTuple):
    """Weights by bucket and head, the answers' calibration, and which entries it knows.

    ``slope`` and ``shift`` turn the first head's sum into a log-odds. ``gate`` is how much
    the words of a post must promise before the model is asked at all.
    """

    weights: Floats
    bias: Floats
    slope: float
    shift: float
    gate: float
    entries: frozenset[int]
    version: str

    def knows(self, entry: Entry) -> bool:
        """Whether the entry was in the lexicon that the model was trained beside."""
        return entry_key(entry) in self.entries


def entry_key(entry: Entry) -> int:
    """What an entry is known by: what it looks for, for what, and with which weight."""
    return zlib.crc32(f"{'+'.join(entry.categories)} {entry.weight} {entry.source}".encode())


def read_model(path: Path = SHIPPED_MODEL) -> TensionModel:
    """Read a model. Raises ConfigurationError if it is missing or no such model."""
    try:
        content = path.read_bytes()
        with np.load(path, allow_pickle=False) as arrays:
            scales = arrays["scales"].astype(np.float32)
            slope, shift, gate = (float(value) for value in arrays["calibration"])
            model = TensionModel(
                weights=arrays["weights"].astype(np.float32) * scales,
                bias=arrays["bias"].astype(np.float32),
                slope=slope,
                shift=shift,
                gate=gate,
                entries=frozenset(int(key) for key in arrays["entries"]),
                version=hashlib.sha256(content).hexdigest()[:12],
            )
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"the tension model {path} cannot be read",
            cause=str(error),
            remedy="Install Tocsin again, or train a model as docs/models/tension.md says",
        ) from error
    if model.weights.shape != (BUCKETS, HEADS):
        raise ConfigurationError(
            f"the tension model {path} is of another make",
            cause=f"its weights are {model.weights.shape}, not {(BUCKETS, HEADS)}",
            remedy="Train it again as docs/models/tension.md says",
        )
    return model


def write_model(path: Path, model: TensionModel) -> None:
    """Write a model, its weights in eight bits each."""
    scales = np.maximum(np.abs(model.weights).max(axis=0), 1e-9) / 127
    arrays: dict[str, Any] = {
        "weights": np.rint(model.weights / scales).astype(np.int8),
        "scales": scales.astype(np.float32),
        "bias": model.bias.astype(np.float32),
        "calibration": np.array([model.slope, model.shift, model.gate], np.float64),
        "entries": np.array(sorted(model.entries), np.uint32),
    }
    np.savez_compressed(path, **arrays)


class Features:
    """The features of posts, those of words remembered."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[int, ...]] = {}

    def of_word(self, word: str) -> tuple[int, ...]:
        """The buckets of a word: itself and its pieces."""
        known = self._words.get(word)
        if known is None:
            known = tuple(dict.fromkeys(map(_bucket, _word_features(word))))
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            if len(word) <= _LONGEST_WORD:
                self._words[word] = known
        return known

    def of_post(self, text: str, words: Sequence[str], lexicon: Iterable[Tension]) -> list[int]:
        """The buckets of a post, each once, in ascending order."""
        buckets: set[int] = set()
        for word in words:
            buckets.update(self.of_word(word))
        framed = ["<", *words, ">"]
        pairs = itertools.pairwise(framed)
        buckets.update(_bucket(f"pair {left} {right}") for left, right in pairs)
        buckets.update(map(_bucket, _shape(text, words)))
        buckets.update(map(_bucket, _said(lexicon)))
        return sorted(buckets)


def sums(model: TensionModel, posts: Sequence[Sequence[int]]) -> Floats:
    """For each post the sum of every head. No post may be without features."""
    lengths = np.fromiter(map(len, posts), np.int64, len(posts))
    buckets = np.fromiter((bucket for post in posts for bucket in post), np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    added = np.add.reduceat(model.weights[buckets], starts, axis=0)
    scaled = added * (SCALE / np.sqrt(lengths))[:, None] + model.bias
    return scaled.astype(np.float32)


def scores(model: TensionModel, added: Floats, said: Floats) -> Floats:
    """Scores by post and category, of which ``said`` holds the lexicon's.

    The likeliest category of a post has the probability that there is any tension in it,
    the others a share of that: what the model or what the lexicon gives them, the larger.
    """
    some = 1 / (1 + np.exp(-(model.slope * added[:, :1] + model.shift)))
    which = np.maximum(1 / (1 + np.exp(-added[:, 1:])), said * _LEXICON_SHARE)
    likeliest = which >= which.max(axis=1, keepdims=True)
    share = np.where(likeliest, 1.0, np.minimum(which / _LIKELY_TOO, 1.0))
    found: Floats = (some * share).astype(np.float32)
    return found


def _bucket(feature: str) -> int:
    return zlib.crc32(feature.encode("utf-8", "replace")) % BUCKETS


def _word_features(word: str) -> Iterable[str]:
    yield f"word {word}"
    if len(word) < _SHORTEST_PIECE or len(word) > _LONGEST_WORD:
        return
    framed = f"^{word}$"
    for length in range(_SHORTEST_PIECE, _LONGEST_PIECE + 1):
        for at in range(len(framed) - length + 1):
            yield f"piece {framed[at : at + length]}"


def _shape(text: str, words: Sequence[str]) -> Iterable[str]:
    yield f"length {min(6, len(words) // 5)}"
    for sign, name in _SIGNS:
        if sign in text:
            yield f"sign {name}"
    if text.isupper():
        yield "upper"
    if text[:1].islower():
        yield "lower"
    if text.startswith("RT "):
        yield "repost"


def _said(lexicon: Iterable[Tension]) -> Iterable[str]:
    highest = 0.0
    for tension in lexicon:
        highest = max(highest, tension.score)
        yield f"lexicon {tension.category}"
        for least in (0.5, 0.7):
            if tension.score >= least:
                yield f"lexicon {tension.category} {least}"
    yield f"lexicon highest {int(highest * 4)}"
