"""Incidents, their timelines, and the names that they were known by before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from model.incident import Incident, IncidentState, TimelineEntry
from model.rule import Severity
from store.scope import Scope
from store.statements import among, chunks, pack_group, unpack_group, upsert
from store.tables import INCIDENTS, TIMELINE


class Incidents:
    """What controllers see. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, ids: Collection[str]) -> dict[str, Incident]:
        """The incidents of exactly these ids, merged ones as they are."""
        found: dict[str, Incident] = {}
        with self._scope.reading() as connection:
            for some in chunks(ids):
                found |= {row[0]: _incident(row) for row in connection.execute(_GET, {"ids": some})}
        return found

    def find(self, incident_id: str) -> Incident | None:
        """The incident of this id, or the one that took it over; None if there never was one."""
        incident = self.get([incident_id]).get(incident_id)
        while incident is not None and incident.merged_into is not None:
            incident = self.get([incident.merged_into]).get(incident.merged_into)
        return incident

    def ids_starting_with(self, letters: str, limit: int = 10) -> Sequence[str]:
        """The ids that start with these letters, merged incidents included."""
        chosen = (
            select(INCIDENTS.c.id)
            .where(INCIDENTS.c.id.startswith(letters, autoescape=True))
            .order_by(INCIDENTS.c.id)
            .limit(limit)
        )
        with self._scope.reading() as connection:
            return connection.execute(chosen).scalars().all()

    def list(
        self,
        states: Collection[IncidentState] | None = None,
        severities: Collection[Severity] | None = None,
        limit: int = 100,
    ) -> Sequence[Incident]:
        """Incidents in any of these states and severities (None: whatever it is), the last
        raised first."""
        chosen = select(INCIDENTS).order_by(INCIDENTS.c.raised_at.desc(), INCIDENTS.c.id)
        if states is not None:
            chosen = chosen.where(INCIDENTS.c.state.in_(sorted(states)))
        if severities is not None:
            chosen = chosen.where(INCIDENTS.c.severity.in_(sorted(severities)))
        with self._scope.reading() as connection:
            return [_incident(row) for row in connection.execute(chosen.limit(limit))]

    def put(self, incidents: Sequence[Incident]) -> None:
        """Add them, or replace those of the same id."""
        if not incidents:
            return
        rows = [_row(incident) for incident in incidents]
        with self._scope.writing() as connection:
            connection.execute(upsert(connection, INCIDENTS), rows)

    def recount(self, incidents: Sequence[Incident]) -> None:
        """Bring their posts, last event and place up to date, and nothing else."""
        if not incidents:
            return
        rows = [{"of": i.id} | {field: getattr(i, field) for field in _COUNTED} for i in incidents]
        with self._scope.writing() as connection:
            connection.execute(_RECOUNT, rows)

    def timeline(self, incident_id: str) -> Sequence[TimelineEntry]:
        """What happened to the incident, and to those that it took over, in order."""
        with self._scope.reading() as connection:
            rows = connection.execute(_TIMELINE, {"of": incident_id}).all()
        return [
            TimelineEntry(at=at, actor=actor, action=action, detail=detail)
            for at, actor, action, detail in rows
        ]

    def tell(self, entries: Iterable[tuple[str, TimelineEntry]]) -> None:
        """Append to the timelines of the incidents that are named beside the entries."""
        rows = [{"incident_id": of} | msgspec.structs.asdict(entry) for of, entry in entries]
        if rows:
            with self._scope.writing() as connection:
                connection.execute(insert(TIMELINE), rows)

    def take_over(self, heirs: Mapping[str, str]) -> None:
        """Move the timelines of the keys, and the names that led to them, to the values.

        The incidents themselves are left as they are: :meth:`put` marks them as merged,
        and comes first.
        """
        if not heirs:
            return
        rows = [{"old": old, "heir": heir} for old, heir in heirs.items()]
        with self._scope.writing() as connection:
            connection.execute(_MOVE_TIMELINE, rows)
            connection.execute(_MOVE_NAMES, rows)


_GET = select(INCIDENTS).where(among(INCIDENTS.c.id, "ids"))
_COUNTED = ("posts", "last_at", "updated_at", "place", "lat", "lon")
_RECOUNT = update(INCIDENTS).where(INCIDENTS.c.id == bindparam("of"))
_TIMELINE = (
    select(TIMELINE.c.at, TIMELINE.c.actor, TIMELINE.c.action, TIMELINE.c.detail)
    .where(TIMELINE.c.incident_id == bindparam("of"))
    .order_by(TIMELINE.c.at, TIMELINE.c.id)
)
_MOVE_TIMELINE = (
    update(TIMELINE)
    .where(TIMELINE.c.incident_id == bindparam("old"))
    .values(incident_id=bindparam("heir"))
)
_MOVE_NAMES = (
    update(INCIDENTS)
    .where(INCIDENTS.c.merged_into == bindparam("old"))
    .values(merged_into=bindparam("heir"))
)


def _row(incident: Incident) -> dict[str, object]:
    row = msgspec.structs.asdict(incident)
    row["group_values"] = pack_group(row.pop("group"))
    return row


_FIELDS = ["group" if column.name == "group_values" else column.name for column in INCIDENTS.c]


def _incident(row: Sequence[Any]) -> Incident:
    fields = dict(zip(_FIELDS, row, strict=True))
    fields["group"] = unpack_group(fields["group"])
    return Incident(**fields)
