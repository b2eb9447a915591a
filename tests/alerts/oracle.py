"""What the live incidents must be, worked out from the whole set of matches at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model.incident import GONE_STATES, Match, incident_id
from model.rule import Rule
from store.engine import Store


class Shown(NamedTuple):
    """What people see of an incident."""

    id: str
    posts: int
    first_at: int
    last_at: int


Living = dict[tuple[str, tuple[str, ...]], dict[str, Match]]
"""The matches that count, by series and post."""


def living(matches: list[Match]) -> Living:
    """What counts of these matches, in whatever order they come."""
    lost = {match.account for match in matches if match.op == "account_delete"} - {0}
    orphans = {match.uid for match in matches if match.account in lost}
    series: Living = defaultdict(dict)
    for match in matches:
        if match.op == "match":
            posts = series[match.rule_id, match.group]
            rival = posts.get(match.uid, match)
            posts[match.uid] = min(match, rival, key=lambda m: (-m.rev, m.event_at))
    for posts in series.values():
        for uid, post in list(posts.items()):
            events = [m for m in matches if m.uid == uid]
            edited = max((m.rev for m in events if m.op == "edit"), default=-1)
            if uid in orphans or _is_hidden(events) or post.rev < edited:
                del posts[uid]
    return series


def expected(matches: Iterable[Match], rules: Mapping[str, Rule]) -> set[Shown]:
    """The live incidents of rules that go by runs."""
    return {
        Shown(incident_id(rule_id, group, run[0]), len(run), run[0], run[-1])
        for (rule_id, group), posts in living(list(matches)).items()
        for run in _runs(sorted(m.event_at for m in posts.values()), rules[rule_id].window)
        if _gives_alarm(run, rules[rule_id])
    }


def shown(store: Store) -> set[Shown]:
    """The live incidents that the store has."""
    return {
        Shown(incident.id, incident.posts, incident.first_at, incident.last_at)
        for incident in store.incidents.list(limit=1_000_000)
        if incident.state not in GONE_STATES
    }


def _is_hidden(events: Iterable[Match]) -> bool:
    highest = {"withhold": -1, "restore": -1}
    for event in events:
        if event.op in {"delete", "account_delete"}:
            return True
        if event.op in highest:
            highest[event.op] = max(highest[event.op], event.rev)
    return highest["withhold"] >= 0 and highest["restore"] <= highest["withhold"]


def _runs(times: list[int], window: int) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in times:
        if runs and at - runs[-1][-1] <= window:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _gives_alarm(run: list[int], rule: Rule) -> bool:
    return any(
        sum(first <= at <= first + rule.window for at in run) >= rule.threshold for first in run
    )
