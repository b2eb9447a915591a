"""Matches, incidents and deliveries.

A *match* is a post that satisfied a rule's query. An *incident* is what a controller
must look at. A *delivery* is one message to one recipient by one channel.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from model.encoding import SCHEMA_FIELD, Codec
from model.rule import Severity

IncidentState = Literal[
    "triggered", "acknowledged", "in_progress", "resolved", "false_alarm", "withdrawn", "merged"
]
OPEN_STATES: tuple[IncidentState, ...] = ("triggered", "acknowledged", "in_progress")
"""Somebody still has to act."""
GONE_STATES: tuple[IncidentState, ...] = ("withdrawn", "merged")
"""Kept for the record alone: the posts went away, or another incident took over."""

Action = Literal[
    "raised",
    "historic",
    "took_over",
    "split",
    "reopened",
    "withdrawn",
    "acknowledged",
    "started",
    "noted",
    "resolved",
    "false_alarm",
    "told",
    "not_told",
]
"""What a timeline tells of. ``told`` and ``not_told`` are deliveries that ended."""

DeliveryStatus = Literal["due", "accepted", "failed_for_now", "failed_for_good", "cancelled"]
PENDING_STATUSES: tuple[DeliveryStatus, ...] = ("due", "failed_for_now")
"""The message has still to be sent."""

MatchOperation = Literal["match", "edit", "delete", "withhold", "restore", "account_delete"]
"""A match, or an event in the life of a post that changes what its matches are worth."""

SYSTEM_ACTOR = "tocsin"
"""The actor of what nobody did by hand."""


class Match(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field=SCHEMA_FIELD,
    tag="match/1",
):
    """A post satisfied a rule's query; or something happened to the post (``op``).

    ``group`` holds the values of the rule's ``group_by`` fields. ``event_at`` is the
    post's own time, ``collected_at`` when it reached us. ``account`` is the key of the
    author's account, 0 where nobody is named. ``cluster`` is that of near-duplicates, 0
    where there is none; ``values`` and ``number`` are what the rule's kind asks of a post.
    What is no match names no rule: it applies to whatever the post, or every post of the
    account, has raised or will raise. An ``edit`` says that only matches of its revision
    or a later one still count.
    """

    uid: str
    rev: int = 0
    op: MatchOperation = "match"
    event_at: int
    collected_at: int
    account: int = 0
    rule_id: str = ""
    rule_version: str = ""
    group: tuple[str, ...] = ()
    excerpt: str = ""
    place: str | None = None
    lat: float | None = None
    lon: float | None = None
    cluster: int = 0
    values: tuple[str, ...] = ()
    number: float | None = None


MATCH: Codec[Match] = Codec(Match)


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller must look at. Times are UTC microseconds.

    ``first_at`` and ``last_at`` are the event times of the first and last contributing
    post, ``raised_at`` is when somebody last had to be told, ``closed_at`` when it was
    resolved or called a false alarm. A ``historic`` incident was found in old posts alone
    and told to nobody. ``merged_into`` names the incident that took this one over, when
    late posts showed that both were one.
    """

    id: str
    rule_id: str
    rule_version: str
    title: str
    severity: Severity
    response: str
    group: tuple[str, ...]
    state: IncidentState
    first_at: int
    last_at: int
    raised_at: int
    updated_at: int
    posts: int
    place: str | None = None
    lat: float | None = None
    lon: float | None = None
    historic: bool = False
    acknowledged_by: str | None = None
    closed_at: int | None = None
    merged_into: str | None = None


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an incident: who did what, when, and their words."""

    at: int
    actor: str
    action: Action
    detail: str = ""


DeliveryAbout = Literal["incident", "withdrawal"]
"""A message says that somebody must look, or that there is nothing to look at after all."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one recipient: what became of it so far.

    ``attempts`` counts the tries that were begun, ``due_at`` is when the next one may
    begin, ``detail`` the channel's last words.
    """

    message_id: str
    incident_id: str
    channel: str
    status: DeliveryStatus
    attempts: int
    due_at: int
    created_at: int
    updated_at: int
    detail: str = ""
    about: DeliveryAbout = "incident"


def account_key(uid: str, author_id: str) -> int:
    """A 64-bit name of the account that published a post, which cannot be read back.

    An author's id is unique on its platform and instance alone, so those of the post's
    uid (``platform:instance:native_id``) go into it: the start of SHA-256 over all three.
    """
    platform, _, rest = uid.partition(":")
    named = "\x1f".join((platform, rest.partition(":")[0], author_id))
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8], "big", signed=True)


def incident_id(rule_id: str, group: tuple[str, ...], first_at: int) -> str:
    """The deterministic name of an incident: SHA-256 over rule, group and start.

    Sixteen hexadecimal digits, short enough to be read out over a radio.
    """
    parts = "\x1f".join((rule_id, *group, str(first_at)))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def message_id(
    incident: str, channel: str, raised_at: int, about: DeliveryAbout = "incident"
) -> str:
    """The deterministic name of a message: the same however often delivery is tried."""
    of_withdrawal = () if about == "incident" else (about,)
    parts = "\x1f".join((incident, channel, str(raised_at), *of_withdrawal))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]
