"""The file of the place model: weights, words and names in one compressed archive.

NumPy's ``.npz`` without pickles, so that opening a file runs nothing. It says which layout
and which features it was made for; a file of others is refused, since its weights would
mean nothing. How it was made, from what and how good it is: docs/models/places.md.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.place_context import Names
from enrich.place_keys import Keys, KeyTable
from enrich.place_words import WordFacts, WordKnowledge
from model.errors import ConfigurationError, StateCorrupt

FORMAT = 1
"""Grows with the layout of the file."""
FEATURES = 1
"""Grows whenever the same word gets other features, so that old weights no longer fit."""
LABELS = 7
MOST_WEIGHT = 250
"""The sums of all features of a word must fit into 16 bits."""
_COLUMNS = 8
"""A row of weights is padded to 16 bytes, which are fetched at once."""

Floats = npt.NDArray[np.float32]
_REMEDY = "Restore the file from the release, or train it again with: python -m enrich.training"


class Content(NamedTuple):
    """What the file holds, field by field. Keys rise; ``chain`` and ``start`` are scores of
    one label after another and of the first label; ``calibration`` is slope and offset of
    the log-odds of a mention."""

    feature_keys: Keys
    feature_weights: npt.NDArray[np.int16]
    chain: Floats
    start: Floats
    calibration: Floats
    name_keys: Keys
    name_sorts: npt.NDArray[np.uint32]
    phrase_keys: Keys
    phrase_sorts: npt.NDArray[np.uint8]
    word_keys: Keys
    word_clusters: npt.NDArray[np.uint16]
    word_capitals: npt.NDArray[np.uint8]


class PlaceModel(NamedTuple):
    """A model ready for use. ``version`` is the start of the file's SHA-256."""

    table: KeyTable
    weights: npt.NDArray[np.int16]
    chain: Floats
    start: Floats
    calibration: tuple[float, float]
    known: WordKnowledge
    names: Names
    version: str


def write_model(path: Path, content: Content) -> None:
    """Write a model; the same content gives the same bytes. Raises OSError."""
    fields = content._asdict()
    for name in _KEYS:
        fields[name] = np.diff(fields[name], prepend=np.uint32(0))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, made_for=np.array([FORMAT, FEATURES]), **fields)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".part")
    scratch.write_bytes(buffer.getvalue())
    scratch.replace(path)


_KEYS = ("feature_keys", "name_keys", "phrase_keys", "word_keys")
"""Stored as differences, which are smaller."""


def read_model(path: Path) -> PlaceModel:
    """The model of a file. Raises ConfigurationError for a missing file or one that was made
    for another version of the program, StateCorrupt for a damaged one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the place model {path}", cause=str(error), remedy=_REMEDY
        ) from error
    try:
        return _assembled(_content(path, data), hashlib.sha256(data).hexdigest()[:12])
    except (ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StateCorrupt(
            f"the place model {path}", cause=f"it is damaged: {error}", remedy=_REMEDY
        ) from error


def _content(path: Path, data: bytes) -> Content:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        made_for = tuple(archive["made_for"].tolist())
        if made_for != (FORMAT, FEATURES):
            raise ConfigurationError(
                f"the place model {path}",
                cause=f"it is of layout and features {made_for}, this program "
                f"reads {(FORMAT, FEATURES)}",
                remedy=_REMEDY,
            )
        fields = {name: archive[name] for name in Content._fields}
    for name in _KEYS:
        fields[name] = np.cumsum(fields[name], dtype=np.uint32)
    return Content(**fields)


def _assembled(content: Content, version: str) -> PlaceModel:
    """The tables of the content. Raises ValueError where its parts do not fit together."""
    weights = content.feature_weights
    if weights.shape != (len(content.feature_keys), LABELS):
        raise ValueError(f"weights of shape {weights.shape}")
    if np.abs(weights.astype(np.int32)).max(initial=0) > MOST_WEIGHT:
        raise ValueError("weights whose sum would not fit into 16 bits")
    if content.chain.shape != (LABELS, LABELS) or content.start.shape != (LABELS,):
        raise ValueError("scores of labels in a wrong shape")
    padded = np.zeros((len(weights) + 1, _COLUMNS), np.int16)
    padded[:-1, :LABELS] = weights
    names = dict(zip(content.name_keys.tolist(), content.name_sorts.tolist(), strict=True))
    facts = {
        key: WordFacts(tuple(clusters), capitals)
        for key, clusters, capitals in zip(
            content.word_keys.tolist(),
            content.word_clusters.tolist(),
            content.word_capitals.tolist(),
            strict=True,
        )
    }
    sorts = np.append(content.phrase_sorts.astype(np.uint32), np.uint32(0))
    slope, offset = content.calibration.tolist()
    return PlaceModel(
        KeyTable(content.feature_keys),
        padded,
        content.chain,
        content.start,
        (slope, offset),
        WordKnowledge(names, facts),
        Names(KeyTable(content.phrase_keys), sorts),
        version,
    )
