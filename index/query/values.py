"""What is asked of the other fields: values, numbers and distances."""

from __future__ import annotations

import difflib
import re

from index.catalogue import FIELDS, Field, KeywordField, NumberField
from index.geo import check_circle
from index.query.ast import Exists, Keyword, KeywordPattern, Near, Node, Range
from index.query.spelling import check_start, spelling
from index.readings import PRESENCE
from model.errors import QueryError

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_CIRCLE = re.compile(
    r"\s*(?P<lat>[^,~]+?)\s*,\s*(?P<lon>[^,~]+?)\s*~\s*(?P<radius>[^,~]+?)\s*(?P<unit>km|mi|m)\s*"
)
_METRES = {"m": 1.0, "km": 1_000.0, "mi": 1_609.344}


def value(field: KeywordField, typed: str, position: int, *, for_rule: bool) -> Node:
    """A value without quotes, in which ``*`` and ``?`` are wildcards."""
    spelt = spelling(typed, position)
    if spelt.literal is not None:
        return exact_value(field, spelt.literal, position)
    pattern = spelt.pattern(field.fold)
    if pattern == "*":
        return presence(field, position)
    if for_rule:
        check_start(pattern, position)
    return KeywordPattern(field.name, pattern)


def exact_value(field: KeywordField, text: str, position: int) -> Node:
    """A whole value, as it stands in quotes."""
    folded = field.fold(text)
    if field.vocabulary and folded not in field.vocabulary:
        raise QueryError(
            f"{field.name}: knows no {text!r}",
            position=position,
            hint=_nearest(field, folded),
        )
    if not folded:
        raise QueryError(f"{text!r} is no value of {field.name}:", position=position)
    return Exists(folded) if field.name == "has" else Keyword(field.name, folded)


def presence(field: KeywordField | NumberField, position: int) -> Node:
    """``field:*``: the post has something there."""
    if isinstance(field, NumberField):
        return Range(field.name)
    if field.name not in PRESENCE:
        raise QueryError(
            f"{field.name}:* cannot be asked",
            position=position,
            hint=f"has: knows {', '.join(PRESENCE)}",
        )
    return Exists(field.name)


def number(field: NumberField, typed: str, position: int) -> Node:
    """A number, or ``*`` for any."""
    if typed == "*":
        return presence(field, position)
    exactly = bound(field, typed, position)
    return Range(field.name, exactly, exactly)


def bound(field: NumberField, typed: str, position: int) -> float | None:
    """One end of a range; ``*`` is open."""
    if typed == "*":
        return None
    if not _NUMBER.fullmatch(typed):
        raise QueryError(
            f"{typed!r} is no number",
            position=position,
            hint=f"Write for example {field.example}",
        )
    return float(typed)


def interval(
    field: NumberField,
    low: float | None,
    high: float | None,
    position: int,
    *,
    include: tuple[bool, bool] = (True, True),
) -> Node:
    """A range with its ends in or out."""
    if low is not None and high is not None and low > high:
        raise QueryError(
            f"no number lies between {low:g} and {high:g}",
            position=position,
            hint="The smaller number comes first",
        )
    return Range(field.name, low, high, *include)


def circle(text: str, position: int) -> Node:
    """``51.236,-0.570~5km``: degrees, and a distance in m, km or mi."""
    found = _CIRCLE.fullmatch(text)
    numbers = found.group("lat", "lon", "radius") if found else ()
    if not found or not all(map(_NUMBER.fullmatch, numbers)):
        raise QueryError(
            f"{text!r} is no point with a distance",
            position=position,
            hint='Write latitude, longitude and distance: near:"51.236,-0.570~5km"',
        )
    lat, lon, radius = map(float, numbers)
    near = Near(lat, lon, radius * _METRES[found["unit"]])
    try:
        check_circle(near.lat, near.lon, near.radius_m)
    except QueryError as error:
        raise QueryError(error.what, position=position, hint=error.remedy) from error
    return near


def field_named(name: str, position: int) -> Field:
    """The field of that name, in any case. Raises QueryError if there is none."""
    field = FIELDS.get(name.lower())
    if field is None:
        main = [known for known in FIELDS if "." not in known]
        nearest = difflib.get_close_matches(name.lower(), FIELDS, n=1)
        hint = f"Did you mean {nearest[0]}:?" if nearest else f"There are {', '.join(main)}."
        raise QueryError(
            f"there is no field {name!r}",
            position=position,
            hint=f"{hint} A colon that belongs to a text must stand in double quotes",
        )
    return field


def _nearest(field: KeywordField, wrong: str) -> str:
    nearest = difflib.get_close_matches(wrong, field.vocabulary, n=1)
    if nearest:
        return f"Did you mean {field.name}:{nearest[0]}?"
    return f"It knows {', '.join(field.vocabulary)}"
