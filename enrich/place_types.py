"""What a word shows of itself, wherever it stands: spelling, case, names, clusters.

A token type is a word as it is written. Everything here is a function of it alone, so it
is worked out once for each type and remembered (:mod:`enrich.place_scores`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from enrich.place_keys import text_key
from enrich.place_words import JOINED, SORTS, UNKNOWN_WORD, WordKnowledge, strongest
from enrich.tokens import fold_token, fold_tokens, hashtag_words, is_link, possessive_owner

LOWER, TITLE, UPPER, MIXED, LETTER, DIGIT, OTHER, MENTION, LINK = range(1, 10)

FAR = 6
"""So many of a type's features also speak for the words two away from it."""
NEAR = 16
"""So many of a type's features, those far ones included, also speak for its neighbours."""
OWN = 49
"""Features of a type itself."""
HOME = slice(44, 49)
"""The features of which each corpus has a copy of its own."""
LEXICAL = (0, 16, 18, 19, 20, 23, 24, 25, 41, 46)
"""The features that tell a word by its letters; training withholds them at times, so that
the others learn to do without."""

_REPEATED = re.compile(r"(.)\1{2,}")
_RUN = re.compile(r"(.)\1+")
_DIGIT = re.compile(r"\d")
_SHAPES = {
    **dict.fromkeys(range(ord("a"), ord("z") + 1), "x"),
    **dict.fromkeys(range(ord("A"), ord("Z") + 1), "X"),
    **dict.fromkeys(range(ord("0"), ord("9") + 1), "d"),
}
_PLACE_WORDS = frozenset({"venue", "street", "waters", "centre"})
_PREPOSITIONS = frozenset({"in", "toward"})


class Codes(NamedTuple):
    """A type as numbers, from which the features of its surroundings are made."""

    word: int = 0
    name: int = 0
    sort: int = 0
    case: int = 0
    rough: int = 0
    cluster: int = 0
    coarse: int = 0
    capitals: int = 0
    cue: int = 0
    flags: int = 0


SPORT, LETTERS = 1, 2
"""Flags: a word of sport; written in letters and no hashtag."""

PAD = Codes(word=text_key("<pad>"))
"""What stands before and after a post."""


class TokenType(NamedTuple):
    """The keys of a type's features, in fixed columns, and its codes."""

    keys: list[int]
    codes: Codes


class _Word(NamedTuple):
    """A type taken apart. ``low`` is folded, without ``#`` and possessive ending."""

    body: str
    low: str
    norm: str
    case: int
    shape: str
    hashed: bool
    owner: bool
    parts: list[str]


class _About(NamedTuple):
    """What is known of a word: its clusters, its capitals, the sorts of its name as bits and
    the strongest of them, its cue, its rough class, and four flags as digits."""

    clusters: tuple[int, ...]
    capitals: int
    mask: int
    sort: int
    cue: str
    rough: int
    flags: str
    sport: bool


def describe(surface: str, folded: str, known: WordKnowledge) -> TokenType:
    """The features and codes of a token as it stands in a text."""
    if surface[0] in "@\uff20":
        return _PEOPLE
    if is_link(folded):
        return _LINK
    word = _taken_apart(surface, folded)
    about = _about(word, known)
    return TokenType(_keys(word, about, known), _codes(word, about))


def normal(surface: str, folded: str) -> str:
    """A token as the clusters of words know it: in small letters, digits as 0, with ``#``."""
    if surface[0] in "@\uff20":
        return "<user>"
    if is_link(folded):
        return "<url>"
    word = _taken_apart(surface, folded)
    return f"#{word.norm}" if word.hashed else word.norm


def _taken_apart(surface: str, folded: str) -> _Word:
    owner = possessive_owner(surface)
    if owner is not None:
        surface, folded = owner, fold_token(owner)
    hashed = surface[0] in "#\uff03" and len(surface) > 1
    body, low = (surface[1:], folded[1:] or folded) if hashed else (surface, folded)
    norm = _REPEATED.sub(r"\1\1", low if low.isalpha() else _DIGIT.sub("0", low))
    parts = hashtag_words(surface) if hashed else []
    shape = _RUN.sub(r"\1", body.translate(_SHAPES))[:5]
    return _Word(body, low, norm, _case(body), shape, hashed, owner is not None, parts)


def _case(body: str) -> int:
    first = body[0]
    if first.isupper():
        if len(body) == 1:
            return LETTER
        if body.isupper():
            return UPPER
        return TITLE if body[1:].islower() else MIXED
    if first.isalpha():
        return LOWER if body.islower() or not body.isascii() else MIXED
    return DIGIT if first.isdigit() else OTHER


def _about(word: _Word, known: WordKnowledge) -> _About:
    facts = known.facts.get(text_key(word.norm), UNKNOWN_WORD)
    if facts is UNKNOWN_WORD and word.hashed:
        facts = known.facts.get(text_key(f"#{word.norm}"), UNKNOWN_WORD)
    low = word.low
    mask = known.names.get(text_key(low), 0)
    sort, cue = strongest(mask), known.cues.get(low, "")
    first_name = low in known.first_names
    flags = (
        f"{first_name:d}{low in known.ordinary:d}{low in known.club_towns:d}"
        f"{low in known.club_suffixes:d}"
    )
    rough = _rough(cue, sort, first_name=first_name)
    return _About(facts.clusters, facts.capitals, mask, sort, cue, rough, flags, low in known.sport)


def _rough(cue: str, sort: int, *, first_name: bool) -> int:
    """The word in one of a dozen rough classes."""
    if cue in _PLACE_WORDS:
        return 1
    if cue in _PREPOSITIONS:
        return 2
    if sort:
        return _ROUGH_SORTS[sort - 1]
    return 9 if first_name else 10 if cue == "organisation" else 11 if cue == "title" else 0


_ROUGH_SORTS = [
    {"country": 3, "continent": 3, "state": 4, "county": 5, "district": 5, "abbreviation": 5}.get(
        sort, 8 if sort in ("other world name", "us county", "state code", "club") else 0
    )
    or (6 if sort.startswith(("home", "land", "other home")) else 7)
    for sort in SORTS
]


def _keys(word: _Word, about: _About, known: WordKnowledge) -> list[int]:
    low, norm, case, shape = word.low, word.norm, word.case, word.shape
    if word.hashed:
        shape = f"#{shape}"
    broad, coarse, middle, fine, finest = about.clusters
    _, capitals, mask, sort, cue, rough, flags, sport = about
    style = (capitals > 2) + (capitals > 4) if capitals else 3
    long = len(low) > 1 and low[0].isalnum()
    texts = [
        f"w={norm}",
        f"k={coarse}" if coarse else "",
        f"g={sort}",
        f"c={case}",
        f"q={rough}",
        f"b={middle}" if middle else "",
        f"h={shape}",
        f"s3={low[-3:]}" if long else "",
        f"K={fine}" if fine else "",
        f"B={finest}" if finest else "",
        f"a={broad}" if broad else "",
        f"G={sort},{case}",
        f"r={capitals},{case}",
        f"A={case},{broad}",
        f"u={cue}" if cue else "",
        f"f={flags}" if flags != "0000" else "",
        f"W={norm},{case}",
        *([f"p{n}={low[:n]}" for n in (2, 3, 4, 5)] if long else _NO_AFFIXES),
        *([f"s{n}={low[-n:]}" for n in (1, 2, 4, 5)] if long else _NO_AFFIXES),
        f"l={min(len(low), 10)}",
        f"R={capitals}",
        *_sort_texts(mask),
        f"L={sort},{style}",
        f"M={sort},{case},{style}" if sort else "",
        f"N={sort},{capitals}" if sort else "",
        f"U={cue},{case}" if cue else "",
        f"F={flags},{case},{rough}" if flags != "0000" else "",
        f"S={case}" if sport else "",
        f"o={sort},{case}" if word.owner else "",
        *(_hashtag_texts(word, mask, sort, known) if word.hashed else _NO_HASHTAG),
        "D",
        f"Dg={sort},{case}",
        f"Dw={norm}",
        f"Dh={shape}",
        f"Db={middle}",
    ]
    return [text_key(text) for text in texts]


_NO_AFFIXES = [""] * 4
_NO_HASHTAG = [""] * 5
_MOST_SORTS = 5


def _sort_texts(mask: int) -> list[str]:
    texts = [f"m={at}" for at in range(len(SORTS)) if mask >> at & 1][:_MOST_SORTS] if mask else []
    return texts + [""] * (_MOST_SORTS - len(texts))


def _hashtag_texts(word: _Word, mask: int, sort: int, known: WordKnowledge) -> list[str]:
    parts = [folded for part in word.parts for folded in fold_tokens(part)]
    if not parts:
        return _NO_HASHTAG
    sorts = [strongest(known.names.get(text_key(part), 0)) for part in parts]
    several = len(parts) > 1
    joined = strongest(mask) if mask & JOINED else 0
    return [
        f"hn={min(len(parts), 4)},{sort}",
        f"h1={sorts[0]},{parts[-1]}" if several else "",
        f"hl={parts[-1]}" if several else "",
        f"hp={min([s for s in sorts if s], default=0)},{min(len(parts), 3)}",
        f"hj={joined}",
    ]


def _codes(word: _Word, about: _About) -> Codes:
    letters = word.case in (LOWER, TITLE, UPPER, MIXED) and not word.hashed
    return Codes(
        word=text_key(f"#{word.norm}" if word.hashed else word.norm),
        name=text_key(word.low),
        sort=about.sort,
        case=word.case,
        rough=about.rough,
        cluster=about.clusters[2],
        coarse=about.clusters[0],
        capitals=about.capitals,
        cue=text_key(about.cue),
        flags=SPORT * about.sport | LETTERS * letters,
    )


def _fixed(text: str, case: int) -> TokenType:
    keys = [0] * OWN
    keys[0], keys[3], keys[6], keys[44] = (
        text_key(t) for t in (f"w={text}", f"c={case}", f"h={text}", "D")
    )
    return TokenType(keys, Codes(word=text_key(text), case=case))


_PEOPLE = _fixed("<user>", MENTION)
_LINK = _fixed("<url>", LINK)
