"""Folding: the one form under which different spellings of a word are the same word.

Case, accents, stacked combining marks, full-width and mathematical letters, invisible
characters and apostrophes all disappear, and Latin look-alikes of other alphabets inside
a Latin word become Latin. What is left has no white space, so that tokens can be joined
by spaces and split again.

The order of steps follows caseless matching in the Unicode Standard (section 3.13):
compatibility decomposition, case folding, decomposition once more.
"""

from __future__ import annotations

import unicodedata

MAX_FOLDED = 256
"""Longest folded form, in code points. A longer one is cut: nobody types it in full."""

APOSTROPHES = "'\u2018\u2019\u02bc\uff07`\u00b4"
FORMAT_AND_MARKS = ("Mn", "Mc", "Me", "Cf")

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_PART_OF_LETTERS = (0, 7, 8, 9)
"""Combining classes of marks that make another letter: nukta, kana voicing, virama, and
the vowel signs of Indic scripts, which have none."""
_GRAPHEME_JOINER = "\u034f"

_STROKED = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "\u0131": "i",
    }
)
"""Latin letters that have no decomposition, in the spelling that a British keyboard allows."""

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝкмтвнгαοικνρτυχ",
    "aeopcyxijshdqwkmtbhraoikvptux",
)
"""Cyrillic and Greek letters that pass for Latin ones, used inside otherwise Latin words."""


def fold_word(surface: str) -> str:
    """The folded form of a word, hashtag, mention or URL; never empty for a token."""
    folded = surface.casefold() if surface.isascii() else _fold_unicode(surface)
    for apostrophe in APOSTROPHES:
        if apostrophe in folded:
            folded = folded.replace(apostrophe, "")
    return folded[:MAX_FOLDED] or surface.casefold()[:MAX_FOLDED]


def fold_emoji(surface: str) -> str:
    """An emoji without skin tone and presentation selectors; flags keep their letters."""
    kept = [c for c in surface if ord(c) not in _SKIN_TONES and not _is_variation(c)]
    return "".join(kept)[:MAX_FOLDED] or surface[:MAX_FOLDED]


def _fold_unicode(surface: str) -> str:
    text = _without_marks(unicodedata.normalize("NFKD", surface)).casefold()
    text = _without_marks(unicodedata.normalize("NFKD", text)).translate(_STROKED)
    if any("a" <= c <= "z" for c in text):
        text = text.translate(_LOOKALIKES)
    return unicodedata.normalize("NFC", "".join(text.split()))


def _without_marks(text: str) -> str:
    return "".join([c for c in text if not _is_dropped(c)])


def _is_dropped(char: str) -> bool:
    """Accents, points, stacked marks and invisible characters."""
    if char.isascii():
        return False
    return (
        unicodedata.combining(char) not in _PART_OF_LETTERS
        or unicodedata.category(char) in ("Cf", "Me")
        or char == _GRAPHEME_JOINER
        or _is_variation(char)
    )


def _is_variation(char: str) -> bool:
    return any(ord(char) in block for block in _VARIATIONS)
