"""From posts to the scores of each word's labels: types remembered, surroundings summed.

The score of a label at a word is the sum of the weights of its features. Those of the
word itself and of its neighbours' types are summed once a type; what surrounds a word is
looked up for the whole batch together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from enrich.place_context import MARGIN, Names, Row, context_keys, mark_code
from enrich.place_keys import Keys, KeyTable, placed
from enrich.place_types import FAR, HOME, NEAR, OWN, PAD, TokenType, describe
from enrich.place_words import WordKnowledge
from enrich.tokens import Tokens, is_link

PLACES = (-2, -1, 0, 1, 2)
"""Where a type's features speak: for the word itself (0) and those around it."""

SCALE = 64
"""Weights, and so scores, are whole numbers of 64ths."""

MOST_TYPES = 60_000
"""Types that are remembered; then all are forgotten. About 16 MB."""

Scores = npt.NDArray[np.int16]


class Batch(NamedTuple):
    """The row of a batch: the types, and the first and one past the last word of a post."""

    row: Row
    types: npt.NDArray[np.intp]
    bounds: list[tuple[int, int]]


T = TypeVar("T", bound=np.generic)


class GrowingRows(Generic[T]):
    """An array that rows are added to; it grows by doubling, so that adding is cheap."""

    def __init__(self, rows: npt.NDArray[T]) -> None:
        self._space = rows
        self._count = len(rows)

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> npt.NDArray[T]:
        return self._space[: self._count]

    def clear(self) -> None:
        self._count = 0

    def extend(self, rows: npt.NDArray[T]) -> None:
        wanted = self._count + len(rows)
        if wanted > len(self._space):
            space = np.empty((2 * wanted, *self._space.shape[1:]), self._space.dtype)
            space[: self._count] = self.rows
            self._space = space
        self._space[self._count : wanted] = rows
        self._count = wanted


class TypeMemo:
    """Types by their surface, with their codes and the keys of their features."""

    def __init__(self, known: WordKnowledge, most: int = MOST_TYPES) -> None:
        self._known = known
        self._most = most
        self._numbers: dict[str, int] = {}
        self._codes = GrowingRows(np.array([PAD], np.uint32))

    @property
    def codes(self) -> Keys:
        """The codes of all types, a row each; the blank type has number 0."""
        return self._codes.rows

    def __len__(self) -> int:
        return len(self._codes)

    def numbers(self, batch: Iterable[Tokens]) -> tuple[list[list[int]], Keys]:
        """The types of each post, and the keys of the types that are new, a row for each."""
        if len(self._numbers) > self._most:
            self._numbers.clear()
            self._codes = GrowingRows(np.array([PAD], np.uint32))
        fresh: list[TokenType] = []
        numbered: list[list[int]] = []
        for tokens in batch:
            row = list(map(self._numbers.get, tokens.surface))
            numbered.append(
                [
                    self._number(tokens.surface[at], tokens.folded[at], fresh)
                    if number is None
                    else number
                    for at, number in enumerate(row)
                ]
                if None in row
                else cast("list[int]", row)
            )
        if fresh:
            self._codes.extend(np.array([one.codes for one in fresh], np.uint32))
        return numbered, np.array([one.keys for one in fresh], np.uint32).reshape(-1, OWN)

    def _number(self, surface: str, folded: str, fresh: list[TokenType]) -> int:
        """The number of a type, described and added to ``fresh`` if it is new."""
        shared = _shared(surface, folded)
        number = self._numbers.get(shared)
        if number is None:
            number = self._numbers[shared] = len(self._codes) + len(fresh)
            fresh.append(describe(surface, folded, self._known))
        return number


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
    marks = list(map(_MARKS.__getitem__, gaps))
    if not gaps[0].strip():
        marks[0] = 0
    return marks


class _MarkMemo(dict[str, int]):
    """The codes of what stands between words; emptied when full."""

    def __missing__(self, gap: str) -> int:
        code = mark_code(gap)
        if len(self) >= _MOST_MARKS:
            self.clear()
        if len(gap) <= _LONGEST_MARK:
            self[gap] = code
        return code


_MOST_MARKS = 5_000
_LONGEST_MARK = 16
_MARKS = _MarkMemo()


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
        weights: Scores,
        known: WordKnowledge,
        names: Names,
        *,
        domain: int,
        most_types: int = MOST_TYPES,
    ) -> None:
        """``weights`` has a row for each key of the table and one of zeros, eight labels in
        the 16 bytes of a row, which are fetched as one number; ``domain`` is the corpus
        whose own weights count."""
        self._table = table
        self._weights = np.ascontiguousarray(weights)
        self._packed = self._weights.view(np.complex128).ravel()
        self.known = known
        self.names = names
        self.domain = domain
        self._types = TypeMemo(known, most_types)
        self._sums = GrowingRows(np.zeros((0, len(PLACES), weights.shape[1]), np.int16))

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
        for at, place in enumerate(PLACES):
            first, last = max(0, -place), min(count, count - place)
            scores[first:last] += self._sums.rows[types[first + place : last + place], at]
        return arranged, scores

    def _remember(self, fresh: Keys) -> None:
        if len(self._types) - len(fresh) < len(self._sums) or not len(self._sums):
            fresh = np.concatenate([np.zeros((1, OWN), np.uint32), fresh])
            fresh[0, 0] = _BLANK_KEY
            self._sums.clear()
        if len(fresh):
            spread = spread_keys(fresh, self.domain)
            sums = [self._summed(spread[place].T) for place in PLACES]
            self._sums.extend(np.stack(sums, axis=1))

    def weights_of(self, keys: Keys) -> npt.NDArray[np.float64]:
        """The weights of single features, a row each."""
        rows: npt.NDArray[np.float64] = self._weights[self._table.rows(keys)] / SCALE
        return rows

    def _summed(self, keys: Keys) -> Scores:
        """The sums of the weights of features, given a row for each column of features."""
        rows = self._table.rows(keys)
        total = np.zeros((keys.shape[1], self._weights.shape[1]), np.int16)
        for row in rows:
            total += self._packed[row].view(np.int16).reshape(total.shape)
        return total


_BLANK_KEY = PAD.word
