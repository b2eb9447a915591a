"""Reading a post as a person does: disguises off, hashtags taken apart, sentences apart.

The lexicon is matched against this reading, never against the index's tokens, so that a
spelling trick hides nothing from it and search still finds what was written. Every word
of the reading knows which tokens it came from.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from enrich.lexicon_pattern import Pattern
from enrich.pattern_set import PatternSet, WordSet
from enrich.tokens import Tokens, fold_tokens, hashtag_words, is_link

SENTENCE = "."
LINK = "@"
"""Stand-ins for the end of a sentence, and for any mention or link."""

T = TypeVar("T")
Plain = tuple[int, tuple[str, ...]]
"""What is behind a token: the keys of its words, and the words."""


_SENTENCE_END = re.compile(r"[?\n\u2026;]|\.(?!\w)|!(?![A-Za-z])")
_MASKED_LETTER = re.compile(r"[*@$!#](?<=[A-Za-z].)(?=[*@$!#]*[A-Za-z])")
_SPACED = re.compile(r" \w \w \w ")
_STARS = re.compile(r"[*@$!#]+")
_DIGITS_IN_WORD = re.compile(r"(?=.*[a-z])(?=.*\d)[a-z0-9]{3,}")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_DIGIT_LETTERS = str.maketrans("013457@$!", "oieastasi")
_VOWELS = "oiuae"
_MOST_STARS = 2
_MOST_PIECES = 5
_FEWEST_SPACED = 3
_SHORTEST_APART = 4


class Reading(NamedTuple):
    """Words in the order of the text, and for each the first and one past the last of its
    tokens. ``text`` is the words joined by spaces, with one in front and one behind."""

    words: list[str]
    origins: list[tuple[int, int]]
    text: str

    def word_at(self, offset: int) -> int:
        """Which word begins at this offset of ``text``."""
        return self.text.count(" ", 0, offset) - 1


class Reader(Generic[T]):
    """Reads posts for a set of patterns.

    ``known`` are all words of the lexicon. What was found out about a token is kept for
    ``remembered`` tokens.
    """

    def __init__(
        self, patterns: PatternSet[T], known: WordSet, *, remembered: int = 50_000
    ) -> None:
        self._patterns = patterns
        self._known = known
        self._plain = PlainMemo(self._of_word, remembered)
        self._hashtags = PlainMemo(self._of_hashtag, remembered)

    def read(self, tokens: Tokens) -> tuple[Reading, list[tuple[Pattern, T]]] | None:
        """The reading of a post and the patterns that may fit it; None if none can."""
        plain = self._behind(tokens)
        disguised = _is_disguised(tokens)
        candidates = [] if disguised else self._patterns.of_keys(_joined(keys for keys, _ in plain))
        if not disguised and not candidates:
            return None
        reading = self._reading(tokens, plain, disguised=disguised)
        if disguised:
            candidates = self._patterns.candidates(set(reading.words))
        return reading, candidates

    def words(self, tokens: Tokens) -> Reading:
        """The reading of a post, whether or not a pattern may fit it."""
        return self._reading(tokens, self._behind(tokens), disguised=_is_disguised(tokens))

    def _behind(self, tokens: Tokens) -> list[Plain]:
        plain = list(map(self._plain.__getitem__, tokens.folded))
        if "#" in tokens.text:
            for at, folded in enumerate(tokens.folded):
                if folded[0] == "#":
                    plain[at] = self._hashtags[tokens.surface[at]]
        return plain

    def _reading(self, tokens: Tokens, plain: list[Plain], *, disguised: bool) -> Reading:
        words: list[str] = []
        origins: list[tuple[int, int]] = []
        ends = _sentence_ends(tokens)
        for at, (_, row) in enumerate(plain):
            if at in ends:
                words.append(SENTENCE)
                origins.append((at, at))
            words += row
            origins += [(at, at + 1)] * len(row)
        if disguised:
            self._reveal(tokens, words, origins)
        return Reading(words, origins, f" {' '.join(words)} ")

    def _of_word(self, folded: str) -> Plain:
        word = self._undisguised(folded)
        return self._patterns.keys[word], (word,)

    def _of_hashtag(self, surface: str) -> Plain:
        inner = [word for part in hashtag_words(surface) for word in fold_tokens(part)]
        words = tuple(w for part in inner for w in self._apart(part)) or (LINK,)
        return _joined(self._patterns.keys[word] for word in words), words

    def _undisguised(self, word: str) -> str:
        """What digits for letters, or a letter held down, hide, if the lexicon knows it."""
        for candidate in _spellings(word):
            if candidate in self._known:
                return candidate
        return word

    def _apart(self, word: str) -> list[str]:
        """A run of words, split where a known word begins or ends it."""
        word = self._undisguised(word)
        if word in self._known or len(word) < 2 * _SHORTEST_APART:
            return [word]
        for cut in range(len(word) - 1, _SHORTEST_APART - 1, -1):
            if word[:cut] in self._known:
                return [word[:cut], *self._apart(word[cut:])]
        for cut in range(1, len(word) - _SHORTEST_APART + 1):
            if word[cut:] in self._known:
                return [word[:cut], word[cut:]]
        return [word]

    def _reveal(self, tokens: Tokens, words: list[str], origins: list[tuple[int, int]]) -> None:
        """Put ``k*ll`` and ``s t a b`` together, in place."""
        at = 0
        while at < len(words):
            end, found = self._starred(tokens, origins, at)
            if not found:
                end, found = self._spaced(words, at)
            if found:
                origin = (origins[at][0], origins[end - 1][1])
                words[at:end] = found
                origins[at:end] = [origin] * len(found)
            at += max(1, len(found))

    def _starred(
        self, tokens: Tokens, origins: list[tuple[int, int]], at: int
    ) -> tuple[int, list[str]]:
        end = at + 1
        while end < min(len(origins), at + _MOST_PIECES) and origins[end][0] < origins[end][1]:
            if not _STARS.fullmatch(tokens.gap(origins[end][0])):
                break
            end += 1
        if end == at + 1 or origins[at][0] == origins[at][1]:
            return at, []
        start, stop = tokens.span(origins[at][0], origins[end - 1][1])
        for candidate in _unstarred(tokens.text[start:stop].casefold()):
            if candidate in self._known:
                return end, [candidate]
        return at, []

    def _spaced(self, words: list[str], at: int) -> tuple[int, list[str]]:
        end = at
        while end < len(words) and len(words[end]) == 1 and words[end].isalnum():
            end += 1
        if end - at < _FEWEST_SPACED:
            return at, []
        return end, self._apart("".join(words[at:end]))


def _joined(keys: Iterable[int]) -> int:
    return functools.reduce(operator.or_, keys, 0)


def _is_disguised(tokens: Tokens) -> bool:
    """Whether letters are masked, as in ``k*ll``, or spaced out, as in ``k i l l``."""
    if _MASKED_LETTER.search(tokens.text):
        return True
    return _SPACED.search(f" {' '.join(tokens.folded)} ") is not None


def _sentence_ends(tokens: Tokens) -> set[int]:
    """The tokens before which a sentence ends."""
    starts = tokens.offsets[::2]
    return {
        bisect.bisect_left(starts, match.start())
        for match in _SENTENCE_END.finditer(tokens.text)
        if match.end() <= starts[-1]
    }


def _spellings(word: str) -> Iterator[str]:
    if not word.isalpha() and _DIGITS_IN_WORD.fullmatch(word):
        plain = word.translate(_DIGIT_LETTERS)
        yield plain
        yield word.replace("1", "l").translate(_DIGIT_LETTERS)
    if _REPEATED.search(word):
        yield _REPEATED.sub(r"\1\1", word)
        yield _REPEATED.sub(r"\1", word)


def _unstarred(word: str) -> Iterator[str]:
    """The words that a masked one may be: a star hides a vowel, the others look alike."""
    word = word.translate(_DIGIT_LETTERS)
    hidden = word.count("*") + word.count("#")
    if hidden <= _MOST_STARS:
        frame = word.replace("*", "{}").replace("#", "{}")
        for vowels in itertools.product(_VOWELS, repeat=hidden):
            yield frame.format(*vowels)


class PlainMemo(dict[str, Plain]):
    """What is behind a folded token; emptied when full, and blind to overlong ones."""

    def __init__(self, look_up: Callable[[str], Plain], limit: int) -> None:
        super().__init__()
        self._look_up = look_up
        self.limit = limit

    def __missing__(self, folded: str) -> Plain:
        if is_link(folded):
            return _BEHIND_LINK
        found = self._look_up(folded)
        if len(self) >= self.limit:
            self.clear()
        if len(folded) <= _LONGEST_KEPT:
            self[folded] = found
        return found


_LONGEST_KEPT = 32
_BEHIND_LINK: Plain = (0, (LINK,))
