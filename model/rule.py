"""A rule of the alert engine, as read from a file and checked."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["info", "low", "elevated", "high"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "elevated", "high")

RuleKind = Literal["any", "frequency"]
GroupField = Literal["place", "area", "platform", "community", "lang", "source", "cluster"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to look for, how often, and what the controller should do about it.

    ``window`` is in microseconds: for ``frequency`` the span in which ``threshold``
    distinct posts must fall, for every kind the quiet time after which a new match
    starts a new incident. ``group_by`` splits the matches: one incident a group.
    """

    id: str
    title: str
    kind: RuleKind
    query: str
    response: str
    severity: Severity = "elevated"
    window: int
    threshold: int = 1
    group_by: tuple[GroupField, ...] = ()
    route: tuple[str, ...] = ()
    purpose: str = ""
    authority: str = ""
    owner: str = ""
    review_by: str = ""
    expires: str = ""
    version: str = ""
    """A hash of the rule's content: what an incident names as the rule that raised it."""
