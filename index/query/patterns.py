"""Patterns with ``*`` and ``?`` as regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_NO_SPACE = "[^ ]"
_ANYTHING = "(?s:.)"


@lru_cache(maxsize=8_192)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression that matches whole values that fit the pattern."""
    return re.compile(_expression(pattern, ".") + r"\Z", re.DOTALL)


@lru_cache(maxsize=8_192)
def compile_token_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression that finds a fitting token in a body with spaces around tokens."""
    return re.compile(f" {_expression(pattern, _NO_SPACE)} ")


def automaton_pattern(pattern: str) -> str:
    """The pattern for an engine that runs regular expressions as automata over its terms."""
    parts = (_literal(part, _ANYTHING, _escape) for part in pattern.split("*"))
    return f"{_ANYTHING}*".join(parts)


def automaton_prefix(start: str) -> str:
    """Anything that starts like this, for the same engine."""
    return f"{''.join(map(_escape, start))}{_ANYTHING}*"


def _expression(pattern: str, one: str) -> str:
    """The pattern as a Python regular expression whose time grows with the text alone.

    What stands between two stars is taken at its first occurrence and never tried again
    (an atomic group): a later one could not match more.
    """
    first, *rest = (_literal(part, one, re.escape) for part in pattern.split("*"))
    if not rest:
        return first
    middle = "".join(f"(?>{one}*?{part})" for part in rest[:-1] if part)
    return f"{first}{middle}{one}*{rest[-1]}"


def _literal(part: str, one: str, escape: Callable[[str], str]) -> str:
    return "".join(one if character == "?" else escape(character) for character in part)


def _escape(character: str) -> str:
    return f"\\{character}" if character in r"\.+*?()|[]{}^$" else character
