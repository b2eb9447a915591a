"""Making the words of a post fit to be shown.

A post is written by anybody, so its text may try to command a terminal, to run
backwards, or to hide what it says.
"""

from __future__ import annotations

import re

_BREAKS = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ue000-\uf8ff"
    r"\U000e0000-\U000e0fff"
)
"""Not among them: the joiners that Persian, Hindi and emoji are written with."""
_MARKS = r"[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]"

_SEPARATOR = re.compile(f"[{_BREAKS}]+")
_INVISIBLE = re.compile(f"[{_UNSEEN}]+")
_STACKED = re.compile(f"({_MARKS}{{2}}){_MARKS}+")
"""More marks on one letter than any language needs, which climb over other lines."""


def plain(text: str, limit: int) -> str:
    """The text on one line: at most ``limit`` code points, nothing in it but what is seen.

    Control characters, line breaks and every kind of space become one space; invisible
    characters and those that change the direction of writing are left out.
    """
    start = text[: 4 * limit + 64]
    clean = _SEPARATOR.sub(" ", _INVISIBLE.sub("", start)).strip()
    clean = _STACKED.sub(r"\1", clean)
    return clean if len(clean) <= limit else f"{clean[: limit - 1].rstrip()}…"
