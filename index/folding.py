"""Folding of names and keys, so that a field's value is found however it was typed.

Words of the text are folded by the tokenizer that the enricher uses; these two foldings
are for everything else. The index and the query use the same function for a field, so
that they cannot disagree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal
from unicodedata import combining, normalize

MAX_VALUE = 256
"""Longest value of a field, in code points; a longer one is cut."""

_SIGNS = re.compile(r"\A[#@][#@\s]*")
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc`"))


@lru_cache(maxsize=16_384)
def fold_name(text: str) -> str:
    """The name of a place: words in lower case without accents and punctuation.

    ``Stoke-on-Trent`` is ``stoke on trent``, ``King's Lynn`` is ``kings lynn``.
    """
    letters = [c for c in _caseless("NFKD", text.translate(_APOSTROPHES)) if not combining(c)]
    spaced = "".join([c if c.isalnum() else " " for c in letters])
    return " ".join(spaced.split())[:MAX_VALUE].rstrip()


@lru_cache(maxsize=16_384)
def fold_key(text: str) -> str:
    """A name that a machine gave: lower case, in one Unicode form, without outer spaces."""
    return _key(text)


def fold_handle(text: str) -> str:
    """A hashtag, mention or account name, with or without its sign."""
    key = _key(text)
    return _SIGNS.sub("", key) if key.startswith(("#", "@")) else key


def _key(text: str) -> str:
    return _caseless("NFKC", text).strip()[:MAX_VALUE].rstrip()


def _caseless(form: Literal["NFKC", "NFKD"], text: str) -> str:
    """The text for caseless comparison: the Unicode Standard, section 3.13."""
    if text.isascii():
        return text.lower()
    return normalize(form, normalize(form, text).casefold())


def exact(text: str) -> str:
    """An identifier, in which case matters."""
    return text[:MAX_VALUE]
