"""Why the model took words for a place, in words.

The score of a label is a sum of weights, so it can be taken apart again: what each part
of the surroundings adds to "a place begins here" over "no name".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from enrich.place_context import context_keys
from enrich.place_keys import Keys
from enrich.place_scores import PLACES, Scorer, TypeMemo, arrange, spread_keys
from enrich.place_spans import BEGINS
from enrich.place_types import OWN
from enrich.place_words import SORTS
from enrich.port import Mention
from enrich.tokens import Tokens

MOST = 4
_LEAST = 0.15
_CODED = {
    "motorway": "has the form of a motorway's number",
    "road": "has the form of a road's number, and the words around speak of a road",
    "postcode": "has the form of a postcode",
    "district": "has the form of a postcode's first half after a word like 'in'",
}

_NAME_COLUMNS = frozenset({2, 11, *range(27, 32), 32, 33, 34, 43})
_CASE_COLUMNS = frozenset({3, 6, 12})
_LIKENESS_COLUMNS = frozenset({1, 5, 8, 9, 10, 13})
_BEFORE, _AFTER, _MARKS, _POST, _PHRASE = "before", "after", "marks", "post", "phrase"
_CONTEXT_GROUPS = (
    *(_BEFORE, _BEFORE, _AFTER, _AFTER, _BEFORE, _BEFORE, _AFTER, "around", _BEFORE, _AFTER),
    *(_BEFORE, _AFTER, "around", "around", _BEFORE, "case", "around", "around", _POST, _POST),
    *(_POST, _POST, _MARKS, _MARKS, _MARKS, _BEFORE, "around"),
    *((_PHRASE,) * 4),
    _BEFORE,
)


def reasons_for(scorer: Scorer, tokens: Tokens, mention: Mention) -> tuple[str, ...]:
    """Short sentences, what weighed most first; empty where no word begins at the mention."""
    if mention.kind in _CODED:
        words = tokens.text[mention.start : mention.end]
        return (f'"{words}" {_CODED[mention.kind]}',)
    at = _word_at(tokens, mention)
    if at is None:
        return ()
    added: dict[str, float] = defaultdict(float)
    for group, weight in _weights(scorer, tokens, at):
        added[group] += weight
    told = sorted(added.items(), key=lambda one: -abs(one[1]))
    sentences = [
        f"{_sentence(group, scorer, tokens, at)} {'for' if weight > 0 else 'against'} a place "
        f"({weight:+.1f})"
        for group, weight in told[:MOST]
        if abs(weight) >= _LEAST
    ]
    start, end = tokens.offsets[2 * at : 2 * at + 2]
    if tokens.surface[at][0] in "#\uff03" and mention.end - mention.start < end - start - 1:
        place = tokens.text[mention.start : mention.end]
        sentences.insert(0, f'"{place}" is a known place inside the hashtag {tokens.surface[at]}')
    return tuple(sentences)


def _word_at(tokens: Tokens, mention: Mention) -> int | None:
    for at in range(len(tokens.surface)):
        start, end = tokens.offsets[2 * at : 2 * at + 2]
        if start <= mention.start < end:
            return at
    return None


def _weights(scorer: Scorer, tokens: Tokens, at: int) -> Iterator[tuple[str, float]]:
    """What each feature of a word adds, with the group that the feature belongs to."""
    memo = TypeMemo(scorer.known)
    numbered, own = memo.numbers([tokens])
    batch = arrange([tokens], numbered, memo.codes)
    blank = np.zeros((1, OWN), np.uint32)
    blank[0, 0] = memo.codes[0, 0]
    spread = spread_keys(np.concatenate([blank, own]), scorer.domain)
    row = batch.bounds[0][0] + at
    for place in PLACES:
        keys = spread[place][batch.types[row + place]]
        groups = [_group_of_type(place, column) for column in range(len(keys))]
        yield from zip(groups, _advantage(scorer, keys), strict=True)
    keys = context_keys(batch.row, scorer.names, scorer.domain)[:, row]
    yield from zip(_CONTEXT_GROUPS, _advantage(scorer, keys), strict=True)


def _advantage(scorer: Scorer, keys: Keys) -> list[float]:
    rows = scorer.weights_of(keys)
    advantage: list[float] = (rows[:, BEGINS] - rows[:, 0]).tolist()
    return advantage


def _group_of_type(place: int, column: int) -> str:
    if place:
        return _BEFORE if place < 0 else _AFTER
    if column in _NAME_COLUMNS:
        return "name"
    if column in _CASE_COLUMNS:
        return "case"
    return "like" if column in _LIKENESS_COLUMNS else "word"


def _sentence(group: str, scorer: Scorer, tokens: Tokens, at: int) -> str:
    word = tokens.surface[at]
    if group == "name":
        codes = TypeMemo(scorer.known)
        codes.numbers([tokens._replace(surface=[word], folded=[tokens.folded[at]])])
        sort = int(codes.codes[-1, 2])
        known = (
            f"is known as a name of the sort '{SORTS[sort - 1]}'" if sort else "is no known name"
        )
        return f'"{word}" {known}, which speaks'
    if group == _BEFORE:
        return f"{_quoted(tokens, at - 2, at) or 'the beginning of the post'} before it speaks"
    if group == _AFTER:
        return f"{_quoted(tokens, at + 1, at + 3) or 'the end of the post'} after it speaks"
    return {
        "case": f'the capitals of "{word}" and its neighbours speak',
        "like": f'words that are used like "{word}" speak',
        "word": f'the word "{word}" itself speaks',
        "around": "the words on both sides together speak",
        _MARKS: "the marks around it speak",
        _POST: "the post's capitals and its talk of sport, or the lack of it, speak",
        _PHRASE: "a known name of several words here speaks",
    }[group]


def _quoted(tokens: Tokens, first: int, after: int) -> str:
    words = tokens.surface[max(0, first) : after]
    return f'"{" ".join(words)}"' if words else ""
