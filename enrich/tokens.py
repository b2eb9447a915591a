"""Tokens: the words of a post as search, rules and every component see them.

One regular expression finds the tokens, so the index, the query compiler and the rule
matcher agree exactly. What a person may expect of a search decides the rest:

* Hyphens separate (``High-Street`` is two words), apostrophes do not (``don't``,
  and ``dont`` are one word, and so are ``King's`` and ``Kings``).
* The owner of a possessive is searched too: ``police`` finds ``police's``.
* Hashtags, mentions and URLs are whole; the words inside a hashtag are found by their
  capitals, digits and underscores, and searched too: ``guildford`` finds
  ``#GuildfordLive``. The whole of it without ``#`` is found as well.
* Dotted initials are one word (``U.K.`` is ``uk``), and so is a number with separators
  (``10,000`` is ``10000``). Other punctuation is no token.
* Each ideograph or kana is a token of its own, since no space separates them.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import NamedTuple

from enrich.folding import APOSTROPHES, FORMAT_AND_MARKS, MAX_FOLDED, fold_emoji, fold_word


class Tokens(NamedTuple):
    """A text and its tokens.

    ``surface`` holds the tokens as they stand, ``folded`` their folded forms, and
    ``offsets`` their start and end in code points, alternating. ``parts`` are folded
    words inside hashtags and the owners of possessives, in no position of their own.
    """

    text: str
    surface: list[str]
    folded: list[str]
    offsets: list[int]
    parts: list[str]

    def span(self, first: int, after: int) -> tuple[int, int]:
        """Start and end in the text of the tokens from ``first`` up to ``after``."""
        return self.offsets[2 * first], self.offsets[2 * after - 1]

    def head(self, count: int) -> Tokens:
        """The first tokens of an overlong text, with the text that they stand in."""
        if len(self.surface) <= count:
            return self
        end = self.offsets[2 * count - 1]
        return Tokens(
            self.text[:end],
            self.surface[:count],
            self.folded[:count],
            self.offsets[: 2 * count],
            self.parts,
        )

    def gap(self, index: int) -> str:
        """The characters between a token and the one before it (or the text's start)."""
        start = self.offsets[2 * index - 1] if index else 0
        return self.text[start : self.offsets[2 * index]]


def tokenize(text: str) -> Tokens:
    """The tokens of any text; none for a text without words. Never fails."""
    matches = list(_TOKEN.finditer(text))
    surface = [match[1] for match in matches]
    offsets = [offset for match in matches for offset in match.span(1)]
    folded = list(map(_FOLDED.__getitem__, surface))
    return Tokens(text, surface, folded, offsets, _parts(text, surface))


def fold_tokens(text: str) -> list[str]:
    """The folded tokens alone: what the index holds for this text, and so what a query
    must look for."""
    return list(map(_FOLDED.__getitem__, _TOKEN.findall(text)))


def fold_token(surface: str) -> str:
    """The folded form of one token as it stands in a text."""
    return _FOLDED[surface]


def hashtag_words(surface: str) -> list[str]:
    """The words inside a hashtag as they stand: ``#SaveOurTown2`` -> Save, Our, Town, 2."""
    if surface.isascii():
        return _HASHTAG_WORD.findall(surface)
    words: list[str] = []
    for run in _HASHTAG_RUN.findall(surface):
        cuts = [at for at in range(1, len(run)) if run[at - 1].islower() and run[at].isupper()]
        words += [run[i:j] for i, j in itertools.pairwise([0, *cuts, len(run)])]
    return words


def possessive_owner(surface: str) -> str | None:
    """``Guildford`` for ``Guildford's``; None for anything else, contractions included."""
    if len(surface) > 2 and surface[-1] in "sS" and surface[-2] in APOSTROPHES:
        owner = surface[:-2]
        return None if _FOLDED[owner] in _CONTRACTED else owner
    return None


def is_link(folded: str) -> bool:
    """Whether a folded token is a URL or a mention: an address, not a word."""
    return folded[0] == "@" or "/" in folded or folded[:4] == "www."


class BoundedMemo(dict[str, str]):
    """Folded forms by surface form.

    Emptied when full, so that an endless stream of new words needs no more memory than
    ``limit`` words. Mentions, URLs and overlong words are never kept: they hardly repeat.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __missing__(self, surface: str) -> str:
        plain = surface.isascii() and (surface.isalnum() or surface[0] == "@")
        folded = surface.lower()[:MAX_FOLDED] if plain else _fold(surface)
        if len(surface) <= _MEMO_LENGTH and not is_link(folded):
            if len(self) >= self.limit:
                self.clear()
            self[surface] = folded
        return folded


def _fold(surface: str) -> str:
    if _EMOJI.match(surface):
        return fold_emoji(surface)
    folded = fold_word(surface)
    if folded[0] == "#" or is_link(folded):
        return folded
    if folded[0].isdigit():
        return folded.replace(",", "")
    return folded.replace(".", "")


def _parts(text: str, surface: list[str]) -> list[str]:
    parts: list[str] = []
    if "#" in text or _WIDE_HASH in text:
        for token in surface:
            if token[0] in _HASHES:
                parts += _hashtag_parts(token)
    if "'" in text or not text.isascii():
        owners = [possessive_owner(token) for token in surface if token[-1] in "sS"]
        parts += [_FOLDED[owner] for owner in owners if owner is not None]
        if _JOINER in text:
            parts += _emoji_parts(surface)
    return parts


def _hashtag_parts(token: str) -> list[str]:
    words = [_FOLDED[word] for word in hashtag_words(token)]
    return words if len(words) == 1 else [*words, _FOLDED[token[1:]]]


def _emoji_parts(surface: list[str]) -> list[str]:
    joined = [token for token in surface if _JOINER in token and _EMOJI.match(token)]
    return [fold_emoji(part) for token in joined for part in token.split(_JOINER) if part]


def _character_class(categories: tuple[str, ...]) -> str:
    """Every character of these categories outside ASCII, as ranges of a regular expression.

    Beyond the basic plane only the block of invisible tags is told apart: each further
    range would be tried on every character of every post.
    """
    ranges: list[list[int]] = []
    for code in range(0x80, 0x10000):
        if unicodedata.category(chr(code)) in categories:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    ranges.append([0xE0000, 0xE01EF])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_MEMO_LENGTH = 32
_WIDE_HASH = "\uff03"
_HASHES = "#" + _WIDE_HASH
_JOINER = "\u200d"
_CONTRACTED = frozenset(
    {"it", "that", "what", "let", "he", "she", "here", "there", "who", "how", "where"}
    | {"when", "why", "this", "everybody", "everyone", "somebody", "someone", "nobody"}
)

_J = _character_class(FORMAT_AND_MARKS)
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ALNUM = rf"[^\W_{_CJK}]"
_QUOTES = "'\u2018\u2019\u02bc\uff07"
_PICTURE = "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"

_URL = r"(?:[hH][tT]{2}[pP][sS]?://|[wW]{3}\.)[^\s<>\"\u201c\u201d]*[^\s<>\"\u201c\u201d.,;:!?'\u2019)\]\u2026]"
_PLAIN_WORD = (
    r"(?>[A-Za-z][A-Za-z0-9]+(?:['\u2019][A-Za-z0-9]+)*)"
    r"(?=[\x00-\x26\x28-\x7f\u2013\u2014\u201c\u201d\u2026]|['\u2019](?!\w)|\Z)"
)
"""What _WORD finds too; tried first because nearly every token is one, in half the time."""
_HASHTAG = rf"[{_HASHES}][{_J}]*\w(?:\w|[{_J}])*"
_MENTION = r"(?<!\w)[@\uff20]\w+(?:(?:[.-]\w+)*@\w+(?:[.-]\w+)+|(?:\.[a-z0-9-]*[a-z0-9])+)?"
_INITIALS = rf"[^\W\d_](?:\.[^\W\d_])+(?!{_ALNUM})"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)+"
_WORD = rf"{_ALNUM}+(?:(?=[{_QUOTES}{_J}])[{_J}]*+[{_QUOTES}]?+[{_J}]*+{_ALNUM}++)*+[{_J}]*+"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_PICTURES = rf"{_PICTURE}(?:\u200d{_PICTURE}|[{_J}\U0001f3fb-\U0001f3ff])*"

_SEPARATORS = r"[ .,!?:;\"()\-]{0,4}+"
"""Skipped in one step before a token, since trying every kind of token at each of them
takes as long as finding the tokens."""
_KINDS = (
    _URL,
    _PLAIN_WORD,
    _HASHTAG,
    _MENTION,
    _INITIALS,
    _NUMBER,
    _WORD,
    f"[{_CJK}]",
    _FLAG,
    _PICTURES,
)
_TOKEN = re.compile(f"{_SEPARATORS}({'|'.join(_KINDS)})")
_EMOJI = re.compile(rf"{_PICTURE}|[\U0001f1e6-\U0001f1ff]")
_HASHTAG_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HASHTAG_RUN = re.compile(rf"\d+|[^\W\d_](?:[^\W\d_]|[{_J}])*")

_FOLDED = BoundedMemo(limit=100_000)
