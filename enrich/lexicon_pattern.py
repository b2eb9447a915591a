"""The pattern language of the lexicon.

A pattern is a row of elements separated by spaces, matched word by word within one
sentence. ``docs/lexicon.md`` is its manual:

    knife          the word itself, folded as the index folds it
    stab*          any word that begins so
    {blade}        any word or phrase of a word list
    (pull|pulled)  any of these; words, phrases, prefixes and {lists} may stand inside
    x?             the element, or nothing
    ~3             up to three words of any kind
    m#             ``m`` and a number; ``#`` is one or more digits anywhere in a word

Each pattern becomes a regular expression over the joined words. Running hundreds of them
over each post would be slow, so a pattern is tried only on posts that hold certain
combinations of rare words: its *routes* (:mod:`enrich.pattern_set`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from enrich.tokens import fold_tokens
from enrich.wordlists import words as common_words

WordLists = Mapping[str, Sequence[str]]
Words = frozenset[str]
Route = tuple[Words, ...]

MASK = "_"
"""What stands in the place of a word that is spoken for."""

_ELEMENT = re.compile(r"~(?P<gap>\d+)|(?P<body>\{\w+\}|\([^()]*\)|[^\s(){}~?]+)(?P<opt>\??)")
_NUMBERED = re.compile(r"[A-Za-z0-9]*#[A-Za-z]*\*?")
_ANY_WORD = r"(?:[^ .][^ ]* )"
_MOST_GAP = 14


class PatternError(ValueError):
    """The pattern is not well formed; ``column`` is the code point in it, from 0."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


class Pattern(NamedTuple):
    """A compiled pattern.

    ``routes`` are rows of sets of folded words, or beginnings of words with ``*``: a text
    that it fits holds a word of every set of one route. A pattern whose every element is
    optional or a number has none, and can only serve as a condition. ``words`` are all
    that occur in it.
    """

    expression: re.Pattern[str]
    routes: tuple[Route, ...]
    words: frozenset[str]


class _Element(NamedTuple):
    alternatives: tuple[str, ...]
    optional: bool


def compile_pattern(text: str, lists: WordLists) -> Pattern:
    """Compile one pattern. Raises PatternError."""
    expression = ["(?<= )"]
    elements: list[_Element] = []
    for piece in _pieces(text):
        if piece["gap"]:
            expression.append(f"{_ANY_WORD}{{0,{_gap(piece)}}}?")
            continue
        element = _Element(_alternatives(piece, lists), bool(piece["opt"]))
        body = "|".join(map(_as_expression, sorted(element.alternatives, reverse=True)))
        expression.append(f"(?:(?:{body}) ){'?' if element.optional else ''}")
        elements.append(element)
    required = [element for element in elements if not element.optional]
    words = {w for e in elements for phrase in e.alternatives for w in phrase.split(" ")}
    return Pattern(re.compile("".join(expression)), _routes(required), frozenset(words))


def _pieces(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _ELEMENT.match(text, at)
        if match is None:
            raise PatternError(f"{text[at]!r} is not understood here", at)
        at = match.end()
        if at < len(text) and not text[at].isspace():
            raise PatternError("a space is missing", at)
        yield match


def _gap(piece: re.Match[str]) -> int:
    words = int(piece["gap"])
    if not 1 <= words <= _MOST_GAP:
        raise PatternError(f"a gap is from ~1 to ~{_MOST_GAP}", piece.start())
    return words


def _alternatives(piece: re.Match[str], lists: WordLists) -> tuple[str, ...]:
    body = piece["body"]
    parts = body[1:-1].split("|") if body[0] == "(" else [body]
    words = [word for part in parts for word in _expand(part.strip(), piece.start(), lists)]
    if not words:
        raise PatternError("no word to look for", piece.start())
    return tuple(dict.fromkeys(words))


def _expand(part: str, column: int, lists: WordLists, within: tuple[str, ...] = ()) -> list[str]:
    """The folded phrases that a part of an element stands for, prefixes with ``*``.

    ``within`` are the lists that are being expanded.
    """
    if part.startswith("{") and part.endswith("}"):
        name = part[1:-1]
        if name not in lists:
            raise PatternError(f"there is no word list {name!r}", column)
        if name in within:
            raise PatternError(f"the word list {name!r} contains itself", column)
        inner = (*within, name)
        return [phrase for entry in lists[name] for phrase in _expand(entry, column, lists, inner)]
    if "{" in part:
        raise PatternError(f"in {part!r} the list is not on its own", column)
    words = [_fold_word(word) for word in part.split()]
    if not words or "" in words:
        raise PatternError(f"{part!r} is no word", column)
    return [" ".join(words)]


def _fold_word(word: str) -> str:
    """The word folded, with its ``*``; empty for something that is no word. A word that
    folds to several, as one with a hyphen does, is a phrase."""
    if "*" in word[:-1]:
        return ""
    if "#" in word:
        return word.casefold() if _NUMBERED.fullmatch(word) else ""
    folded = " ".join(fold_tokens(word.rstrip("*")))
    return folded + "*" if folded and word.endswith("*") else folded


def _as_expression(phrase: str) -> str:
    return re.escape(phrase).replace(r"\*", "[^ ]*").replace(r"\#", r"\d+")


def _routes(required: Sequence[_Element]) -> tuple[Route, ...]:
    """Through the elements that the fewest posts hold; where there is only one, through
    the rarest words of each of its alternatives."""
    searchable = [e for e in required if not any("#" in phrase for phrase in e.alternatives)]
    if len(searchable) == 1:
        phrases = searchable[0].alternatives
        return tuple({_route([frozenset([w]) for w in phrase.split(" ")]) for phrase in phrases})
    choices = [frozenset(map(_rarest, element.alternatives)) for element in searchable]
    return (_route(choices),) if choices else ()


def _route(choices: Sequence[Words]) -> Route:
    return tuple(sorted(choices, key=_commonness)[:_LONGEST_ROUTE])


def _rarest(phrase: str) -> str:
    return max(phrase.split(" "), key=_rarity)


def _rarity(word: str) -> tuple[bool, int]:
    return word.rstrip("*") not in _COMMON, len(word)


def _commonness(words: Iterable[str]) -> int:
    """About how many posts hold one of the words, in units of a rare word."""
    return sum(_COMMON_WORD if word.rstrip("*") in _COMMON else 1 for word in words)


_COMMON_WORD = 50
_LONGEST_ROUTE = 3
_COMMON = common_words("common_words")
