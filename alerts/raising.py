"""Turning episodes that give alarm into incidents, timelines and messages to be sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from alerts.route import Router
from alerts.succession import End, Succession
from model.episode import Episode
from model.incident import (
    PENDING_STATUSES,
    SYSTEM_ACTOR,
    Action,
    Delivery,
    Incident,
    IncidentState,
    TimelineEntry,
    message_id,
)
from model.rule import Rule
from store.engine import Repositories

_STANDING: tuple[IncidentState, ...] = (
    "in_progress",
    "acknowledged",
    "triggered",
    "resolved",
    "false_alarm",
)
"""Which state wins when incidents become one: somebody at work first, and nothing that
nobody has looked at may hide behind something closed."""


class Raising:
    """Writes what changed about the incidents in one transaction."""

    def __init__(
        self, tx: Repositories, rules: Mapping[str, Rule], router: Router, now: int
    ) -> None:
        self._tx = tx
        self._rules = rules
        self._router = router
        self._now = now
        self._entries: list[tuple[str, TimelineEntry]] = []
        self._deliveries: list[Delivery] = []

    def settle(self, risen: Sequence[Succession], ended: Sequence[End]) -> None:
        """Raise, go on with, merge and withdraw incidents. Nobody is paged twice for what
        somebody was paged for already."""
        names = {name for succession in risen for name in succession.predecessors}
        before = self._tx.incidents.get(names | {end.id for end in ended})
        heirs = {end.id: end.heir for end in ended if end.heir is not None}
        after = [self._risen(succession, before, heirs) for succession in risen]
        grown = [incident for incident in after if _only_grew(before.get(incident.id), incident)]
        known = {incident.id for incident in grown}
        changed = [incident for incident in after if incident.id not in known]
        self._tx.incidents.recount(grown)
        told = self._withdraw([end.id for end in ended if end.heir is None])
        over = [self._ended(end, before[end.id], told.get(end.id, ())) for end in ended]
        self._tx.incidents.put(changed + over)
        self._take_over(heirs)
        self._tx.incidents.tell(self._entries)
        self._tx.deliveries.add(self._deliveries)

    def _risen(
        self, succession: Succession, before: Mapping[str, Incident], heirs: Mapping[str, str]
    ) -> Incident:
        """The incident of an episode that gives alarm, new or as it goes on."""
        predecessors = [before[name] for name in succession.predecessors]
        if predecessors:
            self._explain(succession, heirs)
            incident = self._continued(succession, predecessors)
        else:
            self._tell(succession.id, "raised", _posts(succession.episode.posts))
            incident = self._raised(succession)
        incident = _with_figures(incident, succession.episode)
        told = any(not predecessor.historic for predecessor in predecessors)
        if not told and not succession.episode.fresh:
            if not predecessors:
                self._tell(incident.id, "historic", "its posts were old already: nobody is paged")
            return replace(incident, historic=True)
        return self._told(replace(incident, historic=False), is_news=not told)

    def _told(self, incident: Incident, *, is_news: bool) -> Incident:
        """Have somebody told of what is new, or goes on after it was resolved."""
        if incident.state == "resolved" and incident.last_at > (incident.closed_at or 0):
            self._tell(incident.id, "reopened", "posts published after it was resolved")
            incident = replace(incident, state="triggered", closed_at=None)
            is_news = True
        if not is_news:
            return incident
        incident = replace(incident, raised_at=self._now)
        rule = self._rules.get(incident.rule_id)
        for channel in self._router.recipients(rule):
            self._deliveries.append(_message(incident, channel))
        return incident

    def _raised(self, succession: Succession) -> Incident:
        episode = succession.episode
        rule = self._rules[episode.series.rule_id]
        return Incident(
            id=succession.id,
            rule_id=rule.id,
            rule_version=rule.version,
            title=rule.title,
            severity=rule.severity,
            response=rule.response,
            group=episode.series.group,
            state="triggered",
            first_at=episode.first_at,
            last_at=episode.last_at,
            raised_at=self._now,
            updated_at=self._now,
            posts=episode.posts,
        )

    def _continued(self, succession: Succession, predecessors: Sequence[Incident]) -> Incident:
        """The incident with what people did about those whose posts it holds."""
        lead = min(predecessors, key=lambda incident: _STANDING.index(incident.state))
        holders = [p.acknowledged_by for p in (lead, *predecessors) if p.acknowledged_by]
        return replace(
            lead,
            id=succession.id,
            acknowledged_by=next(iter(holders), None),
            raised_at=min(predecessor.raised_at for predecessor in predecessors),
            updated_at=self._now,
        )

    def _explain(self, succession: Succession, heirs: Mapping[str, str]) -> None:
        for name in succession.predecessors:
            if heirs.get(name) == succession.id:
                self._tell(succession.id, "took_over", name)
            elif name != succession.id and succession.id not in succession.predecessors:
                self._tell(succession.id, "split", name)

    def _ended(self, end: End, incident: Incident, told: Sequence[str]) -> Incident:
        if end.heir is not None:
            return replace(incident, state="merged", merged_into=end.heir, updated_at=self._now)
        left = f"{_posts(end.posts)} left, too few for the rule" if end.posts else "no post is left"
        chased = f"; {', '.join(told)} will be told" if told else ""
        self._tell(end.id, "withdrawn", left + chased)
        return replace(incident, state="withdrawn", posts=end.posts, updated_at=self._now)

    def _take_over(self, heirs: Mapping[str, str]) -> None:
        self._tx.incidents.take_over(heirs)
        self._tx.deliveries.take_over(heirs)
        deliveries = self._tx.deliveries.of_incidents(set(heirs.values()))
        redundant = _redundant(deliveries)
        self._tx.deliveries.cancel(redundant, "told already of the same incident", self._now)

    def _withdraw(self, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Send nothing more about these incidents but that there is nothing to act on, to
        whoever was told: their channels, by incident."""
        deliveries = self._tx.deliveries.of_incidents(ids)
        messages = [delivery.message_id for delivery in deliveries]
        self._tx.deliveries.cancel(messages, "the incident was withdrawn", self._now)
        told: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for delivery in deliveries:
            if delivery.status == "accepted" and delivery.about == "incident":
                told[delivery.incident_id][delivery.channel] = None
        for incident, channels in told.items():
            self._deliveries += [_retraction(incident, each, self._now) for each in channels]
        return {incident: tuple(channels) for incident, channels in told.items()}

    def _tell(self, incident: str, action: Action, detail: str) -> None:
        entry = TimelineEntry(at=self._now, actor=SYSTEM_ACTOR, action=action, detail=detail)
        self._entries.append((incident, entry))


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


def _with_figures(incident: Incident, episode: Episode) -> Incident:
    spot = episode.spot
    return replace(
        incident,
        first_at=episode.first_at,
        last_at=episode.last_at,
        posts=episode.posts,
        place=spot.name if spot else None,
        lat=spot.lat if spot else None,
        lon=spot.lon if spot else None,
    )


def _only_grew(old: Incident | None, new: Incident) -> bool:
    """Whether nothing but the figures differs, as for most incidents that go on."""
    if old is None:
        return False
    grown = replace(
        old,
        posts=new.posts,
        last_at=new.last_at,
        updated_at=new.updated_at,
        place=new.place,
        lat=new.lat,
        lon=new.lon,
    )
    return grown == new


def _message(incident: Incident, channel: str) -> Delivery:
    return Delivery(
        message_id=message_id(incident.id, channel, incident.raised_at),
        incident_id=incident.id,
        channel=channel,
        status="due",
        attempts=0,
        due_at=incident.raised_at,
        created_at=incident.raised_at,
        updated_at=incident.raised_at,
    )


def _retraction(incident: str, channel: str, now: int) -> Delivery:
    return Delivery(
        message_id=message_id(incident, channel, now, "withdrawal"),
        incident_id=incident,
        channel=channel,
        status="due",
        attempts=0,
        due_at=now,
        created_at=now,
        updated_at=now,
        about="withdrawal",
    )


def _redundant(deliveries: Sequence[Delivery]) -> list[str]:
    """Messages yet to be sent to somebody who was told of the same incident, or will be."""
    pages = [delivery for delivery in deliveries if delivery.about == "incident"]
    told = {(d.incident_id, d.channel) for d in pages if d.status == "accepted"}
    redundant = []
    for delivery in pages:
        recipient = delivery.incident_id, delivery.channel
        if delivery.status in PENDING_STATUSES:
            if recipient in told:
                redundant.append(delivery.message_id)
            told.add(recipient)
    return redundant
