"""A word as it was typed: what is literal in it, and what are wildcards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from index.query.limits import MAX_WILDCARDS
from model.errors import QueryError

_PIECE = re.compile(r"\\(.)|([*?])|([^\\*?]+)", re.DOTALL)
_STARS = re.compile(r"\*+")


class Spelling(NamedTuple):
    """Literal parts, and the wildcards between them: always one part more than wildcards."""

    parts: tuple[str, ...]
    wildcards: tuple[str, ...]

    @property
    def literal(self) -> str | None:
        """The whole word, if it has no wildcard."""
        return None if self.wildcards else self.parts[0]

    def pattern(self, fold: Callable[[str], str]) -> str:
        """The pattern with its literal parts folded. Runs of ``*`` become one."""
        folded = [fold(part) if part else "" for part in self.parts]
        signs = (*self.wildcards, "")
        return _STARS.sub("*", "".join(map("".join, zip(folded, signs, strict=True))))


def spelling(typed: str, position: int) -> Spelling:
    """Take a word apart; a backslash makes the next character literal.

    Raises QueryError for wildcards that no engine could look up.
    """
    parts, wildcards = [""], []
    for escaped, wildcard, plain in _PIECE.findall(typed):
        if wildcard:
            wildcards.append(wildcard)
            parts.append("")
        else:
            parts[-1] += escaped or plain
    if wildcards:
        _check(parts, wildcards, position)
    return Spelling(tuple(parts), tuple(wildcards))


def _check(parts: list[str], wildcards: list[str], position: int) -> None:
    if len(wildcards) > MAX_WILDCARDS:
        raise QueryError(f"more than {MAX_WILDCARDS} wildcards in a word", position=position)
    if "?" in wildcards and not any(parts):
        raise QueryError(
            "a word of wildcards alone", position=position, hint="Give at least one letter"
        )
    if any(sign in part for part in parts for sign in "*?"):
        raise QueryError(
            "a wildcard and a literal * or ? cannot stand in one word", position=position
        )


def check_start(pattern: str, position: int) -> None:
    """Refuse a pattern that starts with a wildcard: for rules, which run on every post."""
    if pattern[:1] in ("*", "?"):
        raise QueryError(
            "a word of a rule cannot start with a wildcard",
            position=position,
            hint="Give at least its first letter",
        )
