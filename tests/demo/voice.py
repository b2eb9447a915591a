"""How somebody types: capitals, apostrophes, emoji and slips, the same all evening."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.demo.cast import Author

Voice = Callable[[str, Random], str]

_EMOJI = ("😂", "🙈", "☔", "❤️", "🙃", "😭", "👏", "☕", "🤷", "🍂", "😅", "💚", "🤦", "✨")
_SHORT = {
    "you": "u",
    "your": "ur",
    "are": "r",
    "please": "pls",
    "because": "cos",
    "and": "n",
    "tonight": "2nite",
    "tomorrow": "tmrw",
    "people": "ppl",
}
_WORD = re.compile(r"[A-Za-z]+")


def voice_of(author: Author, seed: str) -> Voice:
    """The voice of this author: chosen once, by the handle."""
    rng = Random(f"{seed}:voice:{author.handle}")
    return rng.choices((_plain, _sentence, _lower, _hasty, _short, _bright), _SHARES)[0]


_SHARES = (28, 30, 14, 13, 5, 10)


def _plain(text: str, rng: Random) -> str:
    return text


def _sentence(text: str, rng: Random) -> str:
    text = text[0].upper() + text[1:]
    return f"{text}." if text[-1].isalpha() else text


def _lower(text: str, rng: Random) -> str:
    return text.lower().replace("'", "")


def _hasty(text: str, rng: Random) -> str:
    """Two letters of one longer word change places in half of what is said."""
    words = [m for m in _WORD.finditer(text) if len(m[0]) > 5 and m[0].islower()]
    text = text.replace("'", "") if rng.random() < 0.5 else text
    if not words or rng.random() < 0.5:
        return text
    word = rng.choice(words)[0]
    at = rng.randrange(1, len(word) - 2)
    return text.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1)


def _short(text: str, rng: Random) -> str:
    return _WORD.sub(lambda m: _SHORT.get(m[0], m[0]), text)


def _bright(text: str, rng: Random) -> str:
    return f"{text} {''.join(rng.choices(_EMOJI, k=rng.choice((1, 1, 2))))}"
