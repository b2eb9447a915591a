"""Incident work: what a controller does with an incident, and what they are shown of it.

An id by which an incident was known before it was merged finds the one that took it
over. Every act is one transaction and a line in the timeline. Times are UTC
microseconds; all functions raise StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from alerts.errors import IllegalTransition, UnknownIncident
from model.episode import Contribution, Series
from model.incident import (
    OPEN_STATES,
    Action,
    Delivery,
    Incident,
    IncidentState,
    TimelineEntry,
)
from model.rule import Severity
from store.engine import Repositories, Store

SHOWN_POSTS = 50
"""Posts that are shown with an incident."""


class Act(NamedTuple):
    """Who does something to an incident, when, and in their words."""

    actor: str
    at: int
    words: str = ""


class IncidentFile(msgspec.Struct, frozen=True):
    """An incident with its timeline, its last posts (newest first) and its messages.

    A post that was taken back stands there without its words.
    """

    incident: Incident
    timeline: tuple[TimelineEntry, ...]
    posts: tuple[Contribution, ...]
    deliveries: tuple[Delivery, ...]


def list_incidents(
    store: Store,
    *,
    states: Collection[IncidentState] | None = OPEN_STATES,
    severities: Collection[Severity] | None = None,
    limit: int = 100,
) -> Sequence[Incident]:
    """Incidents by state and severity, the last raised first; None is whatever it is."""
    return store.incidents.list(states, severities, limit)


def retracted(store: Store, since: int, limit: int = 100) -> Sequence[Incident]:
    """Incidents that were withdrawn from ``since`` on (UTC microseconds), after somebody
    had been told of them."""
    with store.snapshot() as now:
        withdrawn = now.incidents.list(["withdrawn"], None, limit)
        late = [incident for incident in withdrawn if incident.updated_at >= since]
        rows = now.deliveries.of_incidents([incident.id for incident in late])
        told = {row.incident_id for row in rows if row.about == "withdrawal"}
        return [incident for incident in late if incident.id in told]


def show(store: Store, incident_id: str) -> IncidentFile:
    """All that is known of an incident. Raises UnknownIncident."""
    with store.snapshot() as now:
        incident = _find(now, incident_id)
        series = Series(incident.rule_id, incident.group).key
        posts = now.contributions.latest(series, incident.first_at, incident.last_at, SHOWN_POSTS)
        return IncidentFile(
            incident,
            tuple(now.incidents.timeline(incident.id)),
            tuple(posts),
            tuple(now.deliveries.of_incidents([incident.id])),
        )


def acknowledge(store: Store, incident_id: str, act: Act) -> Incident:
    """Somebody has seen it and has it in hand. Raises UnknownIncident, IllegalTransition."""
    return _step(store, incident_id, "acknowledged", act)


def start(store: Store, incident_id: str, act: Act) -> Incident:
    """Somebody is at work on it. Raises UnknownIncident, IllegalTransition."""
    return _step(store, incident_id, "in_progress", act)


def resolve(store: Store, incident_id: str, act: Act) -> Incident:
    """Nobody has to act any more; posts published later open it again.

    Raises UnknownIncident, IllegalTransition.
    """
    return _step(store, incident_id, "resolved", act)


def call_false(store: Store, incident_id: str, act: Act) -> Incident:
    """There was nothing to act on; more of the same changes nothing.

    Raises UnknownIncident, IllegalTransition.
    """
    return _step(store, incident_id, "false_alarm", act)


def note(store: Store, incident_id: str, act: Act) -> Incident:
    """Add words to the timeline, in any state. Raises UnknownIncident."""
    with store.transaction() as tx:
        incident = _find(tx, incident_id)
        _tell(tx, incident, "noted", act)
        return incident


_FROM: dict[IncidentState, frozenset[IncidentState]] = {
    "acknowledged": frozenset({"triggered"}),
    "in_progress": frozenset({"triggered", "acknowledged"}),
    "resolved": frozenset(OPEN_STATES),
    "false_alarm": frozenset(OPEN_STATES),
}
"""From which states each state can be reached by hand."""

_ACTIONS: dict[IncidentState, Action] = {
    "acknowledged": "acknowledged",
    "in_progress": "started",
    "resolved": "resolved",
    "false_alarm": "false_alarm",
}


def _step(store: Store, incident_id: str, state: IncidentState, act: Act) -> Incident:
    with store.transaction() as tx:
        incident = _find(tx, incident_id)
        if incident.state not in _FROM[state]:
            raise _illegal(incident, state)
        after = replace(
            incident,
            state=state,
            acknowledged_by=incident.acknowledged_by or act.actor,
            closed_at=None if state in OPEN_STATES else act.at,
            updated_at=act.at,
        )
        tx.incidents.put([after])
        _tell(tx, after, _ACTIONS[state], act)
        return after


def _illegal(incident: Incident, state: IncidentState) -> IllegalTransition:
    by = f" by {incident.acknowledged_by}" if incident.acknowledged_by else ""
    possible = ", ".join(name for name, before in _FROM.items() if incident.state in before)
    return IllegalTransition(
        f"incident {incident.id} cannot become {state}",
        cause=f"it is {incident.state}{by}",
        remedy=f"It can become {possible}" if possible else "Notes can still be added",
    )


def _find(tx: Repositories, incident_id: str) -> Incident:
    incident = tx.incidents.find(incident_id)
    if incident is None:
        raise UnknownIncident(
            f"no incident {incident_id}",
            cause="none was ever raised under this id",
            remedy="`tocsin alerts list --all` shows them",
        )
    return incident


def _tell(tx: Repositories, incident: Incident, action: Action, act: Act) -> None:
    entry = TimelineEntry(at=act.at, actor=act.actor, action=action, detail=act.words)
    tx.incidents.tell([(incident.id, entry)])
