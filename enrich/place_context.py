"""What surrounds a word: its neighbours, the marks between, names of several words, the post.

Works on a whole batch at once. All words of the batch stand in one row, with two blank
words before and after each post, so that the neighbours of every word are the same row
shifted; no post sees into the next one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.place_keys import Keys, KeyTable, follow, joint, placed
from enrich.place_types import LETTERS, LOWER, SPORT, TITLE, UPPER

MARGIN = 2
"""Blank words before and after every post."""

LEXICAL_CONTEXT = (5, 6)
"""The rows of context that tell a word by its letters, as :data:`enrich.place_types.LEXICAL`."""

Numbers = npt.NDArray[np.uint32]


class Names(NamedTuple):
    """Names of several words: where each key of :func:`enrich.place_keys.phrase_key` is
    found, and the strongest sort of the name by row, 0 in the last one, of no name."""

    table: KeyTable
    sorts: Numbers


class Row(NamedTuple):
    """The words of a batch: for each its codes (a column for each of ``Codes``), the mark
    before it, and whether it belongs to a post at all."""

    codes: Numbers
    marks: Numbers
    real: npt.NDArray[np.bool_]
    posts: npt.NDArray[np.intp]
    """The number of the post that each word belongs to; blanks to the post before them."""


MARKS = {" ": 1, "": 2, ", ": 3, ",": 3, " @ ": 4, "-": 5, "/": 6, " & ": 7, "'": 2, "\u2019": 2}
_OTHER_MARKS = (
    (".!?\n\u2026:;", 8),
    ('()[]"\u201c\u201d|~*<>', 9),
    ("@", 4),
    (",", 3),
    ("-\u2013", 5),
)
_OTHER = 10
_STOP = 8


def mark_code(gap: str) -> int:
    """What stands between two words, as a number."""
    code = MARKS.get(gap)
    if code is None:
        code = next((c for marks, c in _OTHER_MARKS if not set(marks).isdisjoint(gap)), _OTHER)
    return code


def context_keys(row: Row, names: Names, domain: int) -> Keys:
    """The keys of what surrounds each word, a row for each sort of feature, those of the
    ``domain``'s own among them. What they say of blanks means nothing."""
    word, name, sort, case, rough, cluster, coarse, capitals, cue, flags = row.codes.T
    scene_case, scene_sport = _scene(row, case, flags)
    before, mark = row.marks, _shifted(row.marks, 1)
    known = rough * np.uint32(16) + case
    named = sort * np.uint32(16) + case
    style = known * np.uint32(8) + capitals
    left, right = _shifted(word, -1), _shifted(word, 1)
    stop_left = np.where(before == 1, left, joint(90, left, before))
    stop_right = np.where(mark == 1, right, joint(91, right, mark))
    left2 = _shifted(word, -2)
    cluster_left, cluster_right = _shifted(cluster, -1), _shifted(cluster, 1)
    coarse_left, coarse_right = _shifted(coarse, -1), _shifted(coarse, 1)
    known_left, known_right = _shifted(known, -1), _shifted(known, 1)
    rough_left, rough_right = _shifted(rough, -1), _shifted(rough, 1)
    case_left, case_right = _shifted(case, -1), _shifted(case, 1)
    columns = [
        joint(1, stop_left, sort),
        joint(2, stop_left, case),
        joint(3, stop_right, sort),
        joint(4, stop_right, case),
        joint(5, left2, left),
        joint(6, stop_left, word),
        joint(7, word, stop_right),
        joint(8, left, right),
        joint(9, cluster_left, cluster),
        joint(10, cluster, cluster_right),
        joint(11, cluster_left, style),
        joint(12, cluster_right, style),
        joint(13, coarse_left, coarse, coarse_right),
        joint(14, coarse_left, named, coarse_right),
        joint(15, left2, known),
        joint(16, case_left * np.uint32(16) + case, case_right, scene_case),
        joint(17, rough_left, rough, rough_right),
        joint(18, known_left, known, known_right),
        joint(19, scene_case, case),
        joint(20, scene_case, named),
        joint(21, scene_sport, rough),
        joint(22, scene_sport, named),
        joint(23, before, named),
        joint(24, mark, named),
        joint(25, before * np.uint32(16) + mark, known),
        joint(26, stop_left),
        joint(27, _shifted(cue, -1), named, _shifted(cue, 1)),
        *_name_columns(row, name, names, case),
        placed(joint(26, stop_left), 100 + domain),
    ]
    return np.stack(columns)


CONTEXT = 32
"""How many rows :func:`context_keys` has."""


def _shifted(values: Numbers, by: int) -> Numbers:
    """For each word the value of the word ``by`` places on; 0 beyond the ends."""
    out = np.zeros_like(values)
    if by > 0:
        out[:-by] = values[by:]
    else:
        out[-by:] = values[:by]
    return out


def _scene(row: Row, case: Numbers, flags: Numbers) -> tuple[Numbers, Numbers]:
    """For each word how its post uses capitals (1 to 5), and whether it talks of sport."""
    count = int(row.posts[-1]) + 1
    letters = (flags & LETTERS) > 0
    written = [
        np.bincount(row.posts[letters & (case == kind)], minlength=count)
        for kind in (LOWER, TITLE, UPPER)
    ]
    lower, title, upper = written
    total = np.maximum(lower + title + upper, 1)
    scene = np.select(
        [
            lower + title + upper < 3,
            upper > 0.6 * total,
            title + upper > 0.6 * total,
            title + upper == 0,
        ],
        [1, 2, 3, 4],
        default=5,
    ).astype(np.uint32)
    sport = np.bincount(row.posts[(flags & SPORT) > 0], minlength=count)
    return scene[row.posts], np.minimum(sport, 2).astype(np.uint32)[row.posts]


def _name_columns(row: Row, name: Numbers, names: Names, case: Numbers) -> list[Keys]:
    """Known names of several words: whether a word begins one, goes on with it, or stands
    next to one."""
    kind = np.zeros(len(name), np.uint32)
    for start, length, sort in _longest_names(row, name, names):
        kind[start : start + length] = sort * 4 + 2
        kind[start] = sort * 4 + 1
        kind[start + length - 1] += 1 if length == 1 else 0
    beside = ((_shifted(kind, -1) > 0) + 2 * (_shifted(kind, 1) > 0)).astype(np.uint32)
    inside = kind > 0
    none = np.uint32(0)
    return [
        np.where(inside, joint(51, kind, case), none),
        np.where(inside, joint(52, kind), none),
        np.where(~inside & (beside > 0), joint(53, beside), none),
        np.where(inside, joint(54, kind, _shifted(name, -1)), none),
    ]


def _longest_names(row: Row, name: Numbers, names: Names) -> list[tuple[int, int, int]]:
    """Start, length and sort of the names, of overlapping ones that which starts first."""
    soft = np.isin(row.marks, _WITHIN_A_NAME)
    phrase, whole = name, row.real
    found: dict[int, tuple[int, int]] = {}
    for length in (2, 3, 4):
        step = length - 1
        phrase = follow(phrase, _shifted(name, step))
        whole = whole & _moved(row.real & soft, step)
        rows = names.table.rows(np.where(whole, phrase, np.uint32(0)))
        for at in np.flatnonzero(rows != names.table.absent).tolist():
            found[at] = (length, int(names.sorts[rows[at]]))
    longest: list[tuple[int, int, int]] = []
    free = 0
    for at in sorted(found):
        if at >= free:
            length, sort = found[at]
            longest.append((at, length, sort))
            free = at + length
    return longest


_WITHIN_A_NAME = np.array([1, 2, 5, 7], np.uint32)


def _moved(values: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    out = np.zeros_like(values)
    out[:-by] = values[by:]
    return out
