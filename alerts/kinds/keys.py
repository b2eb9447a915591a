"""Pieces of schema that several kinds share, and reading what they describe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from index.catalogue import FIELDS, KeywordField, NumberField
from model.clock import DAY, HOUR, MINUTE, SECOND
from model.rule import Rule

DURATION = "^[1-9][0-9]{0,6}[smhd]$"
"""How a duration is written: a number and s, m, h or d."""

WORDS = "text"
"""The field of the words of a post, which is a set and no keyword."""

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_OPTIONS = TypeVar("_OPTIONS", bound=msgspec.Struct)


def duration(description: str) -> dict[str, Any]:
    """A key that holds a duration."""
    return {"description": description, "type": "string", "pattern": DURATION}


def whole(description: str, least: int = 1, most: int = 1_000_000) -> dict[str, Any]:
    """A key that holds a whole number."""
    return {"description": description, "type": "integer", "minimum": least, "maximum": most}


def number(description: str, **bounds: float) -> dict[str, Any]:
    """A key that holds a number."""
    return {"description": description, "type": "number", **bounds}


def one_of(description: str, *words: str) -> dict[str, Any]:
    """A key that holds one of a few words."""
    return {"description": description, "enum": list(words)}


def text(description: str) -> dict[str, Any]:
    """A key that holds some text."""
    return {"description": description, "type": "string", "pattern": "\\S"}


def texts(description: str, item: str, least: int = 1, most: int = 10_000) -> dict[str, Any]:
    """A key that holds a list of texts."""
    return {
        "description": description,
        "type": "array",
        "items": text(item),
        "minItems": least,
        "maxItems": most,
    }


THRESHOLD = whole(
    "how many different posts must fall within one window, from 2 to 10000", 2, 10_000
)
SOURCES = texts(
    "the sources without which the rule cannot know; left out, all of them. * stands for any run",
    "the name of a source, as replay:*",
)
GRACE = duration("how late a post may come and still be waited for, as 15m (left out)")
KEYWORD = text("a field of whole values, as community, hashtag or lang")
NUMBER = text("a field of numbers, as likes, followers or tension.weapons")


def to_microseconds(written: str) -> int:
    """A duration as it is written, in microseconds."""
    return int(written[:-1]) * _UNITS[written[-1]]


def in_words(microseconds: int) -> str:
    """A duration for people: ``90 seconds``, ``2 hours``."""
    for name, unit in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if microseconds % unit == 0:
            count = microseconds // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{microseconds / SECOND:g} seconds"


def options(rule: Rule, form: type[_OPTIONS]) -> _OPTIONS:
    """The keys of the rule's kind, which the schema has checked, as a record."""
    known = {key: value for key, value in rule.options.items() if key in form.__struct_fields__}
    return msgspec.convert(known, form, strict=False)


def keyword_fault(rule: Rule, key: str, *, words: bool = False) -> Iterator[tuple[str, str]]:
    """A fault unless the key names a field of whole values (or, if asked for, the text)."""
    name = rule.options.get(key)
    if isinstance(FIELDS.get(str(name)), KeywordField) or (words and name == WORDS):
        return
    known = [each.name for each in FIELDS.values() if isinstance(each, KeywordField)]
    yield key, f"{name!r} is no field of whole values. There are {', '.join(known)}"


def number_fault(rule: Rule, key: str) -> Iterator[tuple[str, str]]:
    """A fault unless the key names a field of numbers."""
    name = rule.options.get(key)
    if not isinstance(FIELDS.get(str(name)), NumberField):
        known = [each.name for each in FIELDS.values() if isinstance(each, NumberField)]
        yield key, f"{name!r} is no field of numbers. There are {', '.join(known)}"
