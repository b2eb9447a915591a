"""A rule of the alert engine, as read from a file and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Severity = Literal["info", "low", "elevated", "high"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "elevated", "high")

RuleKind = Literal[
    "any",
    "terms",
    "allowlist",
    "change",
    "frequency",
    "spike",
    "flatline",
    "new_term",
    "cardinality",
    "metric",
    "metric_spike",
    "percentage",
    "cluster",
    "area_entry",
    "sequence",
    "composite",
    "burst",
    "coverage",
]
GroupField = Literal["place", "area", "platform", "community", "lang", "source", "cluster"]


Option: TypeAlias = bool | int | float | str | tuple[str, ...]
"""What a key of one kind alone may hold; durations are in microseconds."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to look for, how often, and what the controller should do about it.

    ``window`` is in microseconds: the span that the kind looks at, as ``frequency`` does
    for ``threshold`` distinct posts, and for every kind the quiet time after which
    something new starts a new incident. ``group_by`` splits the matches: one incident a
    group. ``query`` is empty for the kinds that look at no posts. ``options`` are the
    keys that only this kind has.
    """

    id: str
    title: str
    kind: RuleKind
    query: str = ""
    response: str
    severity: Severity = "elevated"
    window: int
    threshold: int = 1
    group_by: tuple[GroupField, ...] = ()
    options: Mapping[str, Option] = {}
    route: tuple[str, ...] = ()
    purpose: str = ""
    authority: str = ""
    owner: str = ""
    review_by: str = ""
    expires: str = ""
    version: str = ""
    """A hash of the rule's content: what an incident names as the rule that raised it."""
