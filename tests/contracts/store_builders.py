"""Records of the store of which only what matters to a test is named."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, settings

from model.episode import Contribution, Episode, Series, Spot
from model.incident import Action, Delivery, Incident, TimelineEntry

GUILDFORD = Series("weapons", ("guildford",))
WOKING = Series("weapons", ("woking",))

RELAXED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
"""For properties that share the store of their test, and run on several databases."""


def incident(name: str, **changed: object) -> Incident:
    """An incident of which only what matters is named."""
    fields: dict[str, object] = {
        "id": name,
        "rule_id": "weapons",
        "rule_version": "1",
        "title": "Weapons seen",
        "severity": "elevated",
        "response": "Look",
        "group": ("guildford",),
        "state": "triggered",
        "first_at": 0,
        "last_at": 10,
        "raised_at": 10,
        "updated_at": 10,
        "posts": 2,
    }
    return msgspec.convert(fields | changed, Incident)


def entry(at: int, action: Action, detail: str = "") -> TimelineEntry:
    """A line of a timeline."""
    return TimelineEntry(at=at, actor="tocsin", action=action, detail=detail)


def delivery(name: str, **changed: object) -> Delivery:
    """A message that is due."""
    fields: dict[str, object] = {
        "message_id": name,
        "incident_id": "a",
        "channel": "desk",
        "status": "due",
        "attempts": 0,
        "due_at": 0,
        "created_at": 0,
        "updated_at": 0,
    }
    return msgspec.convert(fields | changed, Delivery)


def post(
    uid: str,
    at: int,
    series: Series = GUILDFORD,
    *,
    account: int = 0,
    withdrawn_at: int | None = None,
) -> Contribution:
    """A post that counts in a series, or did until it was withdrawn."""
    return Contribution(
        series=series.key,
        uid=uid,
        account=account,
        rev=0,
        event_at=at,
        collected_at=at,
        recorded_at=at,
        excerpt="words" if withdrawn_at is None else None,
        withdrawn_at=withdrawn_at,
    )


def episode(
    first_at: int,
    last_at: int,
    *,
    posts: int = 2,
    spot: Spot | None = None,
    series: Series = GUILDFORD,
) -> Episode:
    """An episode that gave alarm with its first post."""
    return Episode(
        series=series,
        first_at=first_at,
        last_at=last_at,
        posts=posts,
        alarm_at=first_at,
        fresh=True,
        spot=spot,
    )
