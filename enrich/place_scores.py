"""From posts to the scores of each word's labels: types remembered, surroundings summed.

The score of a label at a word is the sum of the weights of its features. Those of the
word itself and of its neighbours' types are summed once a type; what surrounds a word is
looked up for the whole batch together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.place_context import MARGIN, Names, Row, context_keys, mark_code
from enrich.place_keys import Keys, KeyTable, placed
from enrich.place_types import FAR, HOME, NEAR, OWN, PAD, Codes, describe
from enrich.place_words import WordKnowledge
from enrich.tokens import Tokens, is_link

PLACES = (-2, -1, 0, 1, 2)
"""Where a type's features speak: for the word itself (0) and those around it."""

SCALE = 64
"""Weights, and so scores, are whole numbers of 64ths."""

MOST_TYPES = 60_000
"""Types that are remembered; then all are forgotten. About 16 MB."""

Scores = npt.NDArray[np.int32]
Matrix = npt.NDArray[np.int16]


class Batch(NamedTuple):
    """The row of a batch: the types, and the first and one past the last word of a post."""

    row: Row
    types: npt.NDArray[np.intp]
    bounds: list[tuple[int, int]]


class TypeMemo:
    """Types by their surface, with their codes and the keys of their features."""

    def __init__(self, known: WordKnowledge, most: int = MOST_TYPES) -> None:
        self._known = known
        self._most = most
        self._numbers: dict[str, int] = {}
        self.codes = np.zeros((0, len(Codes._fields)), np.uint32)
        self.forget()

    def forget(self) -> None:
        """Start anew, with the blank type alone, whose number is 0."""
        self._numbers = {}
        self.codes = np.array([PAD], np.uint32)

    def __len__(self) -> int:
        return len(self.codes)

    def numbers(self, batch: Iterable[Tokens]) -> tuple[list[list[int]], Keys]:
        """The types of each post, and the keys of the types that are new, a row for each."""
        if len(self._numbers) > self._most:
            self.forget()
        known = self._numbers
        keys: list[list[int]] = []
        codes: list[Codes] = []
        numbered: list[list[int]] = []
        fresh = len(self.codes)
        for tokens in batch:
            row: list[int] = []
            for at, surface in enumerate(tokens.surface):
                number = known.get(surface)
                if number is None:
                    shared = _shared(surface, tokens.folded[at])
                    number = known.get(shared)
                    if number is None:
                        described = describe(surface, tokens.folded[at], self._known)
                        number = known[shared] = fresh + len(codes)
                        keys.append(described.keys)
                        codes.append(described.codes)
                row.append(number)
            numbered.append(row)
        if codes:
            self.codes = np.concatenate([self.codes, np.array(codes, np.uint32)])
        return numbered, np.array(keys, np.uint32).reshape(len(keys), OWN)


def _shared(surface: str, folded: str) -> str:
    """All mentions are one type, and so are all links."""
    if surface[0] in "@\uff20":
        return "@"
    return "http://" if is_link(folded) else surface


def arrange(batch: Sequence[Tokens], numbered: Sequence[list[int]], codes: Keys) -> Batch:
    """The posts of a batch as one row."""
    types: list[int] = [0] * MARGIN
    marks: list[int] = [0] * MARGIN
    posts: list[int] = [0] * MARGIN
    bounds: list[tuple[int, int]] = []
    for at, (tokens, numbers) in enumerate(zip(batch, numbered, strict=True)):
        start = len(types)
        types += numbers
        marks += _marks(tokens)
        bounds.append((start, len(types)))
        types += _BLANKS
        marks += _BLANKS
        posts += [at] * (len(numbers) + MARGIN)
    numbers_of_types = np.array(types, np.intp)
    row = Row(
        codes[numbers_of_types],
        np.array(marks, np.uint32),
        numbers_of_types > 0,
        np.array(posts, np.intp),
    )
    return Batch(row, numbers_of_types, bounds)


_BLANKS = [0] * MARGIN


def _marks(tokens: Tokens) -> list[int]:
    text, offsets = tokens.text, tokens.offsets
    if not offsets:
        return []
    gaps = [text[a:b] for a, b in zip([0, *offsets[1:-1:2]], offsets[::2], strict=True)]
    marks = [_MARKS.get(gap) or mark_code(gap) for gap in gaps]
    marks[0] = 0 if not gaps[0].strip() else marks[0]
    return marks


_MARKS = {" ": 1}


def spread_keys(own: Keys, domain: int) -> dict[int, Keys]:
    """The keys of types' features at each of :data:`PLACES`, for a corpus' own weights."""
    home = own.copy()
    home[:, HOME] = placed(own[:, HOME], 100 + domain)
    near, far = own[:, :NEAR], own[:, :FAR]
    return {
        -2: placed(far, -2),
        -1: placed(near, -1),
        0: home,
        1: placed(near, 1),
        2: placed(far, 2),
    }


class Scorer:
    """Scores the labels of each word of a batch. Belongs to one thread."""

    def __init__(
        self,
        table: KeyTable,
        weights: Matrix,
        known: WordKnowledge,
        names: Names,
        *,
        domain: int,
        most_types: int = MOST_TYPES,
    ) -> None:
        """``weights`` has a row for each key of the table and one of zeros, eight labels a
        row; ``domain`` is the corpus whose own weights count."""
        self._table = table
        self._weights = np.ascontiguousarray(weights)
        self.known = known
        self.names = names
        self.domain = domain
        self._types = TypeMemo(known, most_types)
        self._sums = np.zeros((0, len(PLACES), weights.shape[1]), np.int32)

    def __len__(self) -> int:
        """How many types are remembered."""
        return len(self._types)

    def score(self, batch: Sequence[Tokens]) -> tuple[Batch, Scores]:
        """The batch as a row, and for each of its words the scores of the labels."""
        numbered, fresh = self._types.numbers(batch)
        self._remember(fresh)
        arranged = arrange(batch, numbered, self._types.codes)
        keys = context_keys(arranged.row, self.names, self.domain)
        scores = self._summed(keys)
        types = arranged.types
        count = len(types)
        for place in PLACES:
            first, last = max(0, -place), min(count, count - place)
            scores[first:last] += self._sums[:, PLACES.index(place)][types[first + place : last + place]]
        return arranged, scores

    def _remember(self, fresh: Keys) -> None:
        if len(self._types) - len(fresh) < len(self._sums) or not len(self._sums):
            fresh = np.concatenate([np.zeros((1, OWN), np.uint32), fresh])
            fresh[0, 0], self._sums = _BLANK_KEY, self._sums[:0]
        if len(fresh):
            spread = spread_keys(fresh, self.domain)
            sums = np.stack([self._summed(spread[place]) for place in PLACES], axis=1)
            self._sums = np.concatenate([self._sums, sums])

    def weights_of(self, keys: Keys) -> npt.NDArray[np.float64]:
        """The weights of single features, a row each."""
        rows: npt.NDArray[np.float64] = self._weights[self._table.rows(keys)] / SCALE
        return rows

    def _summed(self, keys: Keys) -> Scores:
        rows = self._table.rows(keys)
        found: Scores = self._weights[rows].sum(axis=1, dtype=np.int32)
        return found


_BLANK_KEY = PAD.word
