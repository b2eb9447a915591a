"""The shipped rules raise what the demo evening holds, and nothing that they must not."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from model.incident import GONE_STATES, Incident, Match
from tests.demo.evening import Row
from tests.demo.watch import Watched, watch

pytestmark = pytest.mark.slow

_TRUTH = Path(__file__).parents[2] / "config" / "demo" / "truth.jsonl"


class Expected(NamedTuple):
    """A row of the truth file."""

    event: str
    kind: str
    place: str
    rule: str
    also: frozenset[str]
    posts: frozenset[str]


def _expected(row: Row) -> Expected:
    also, posts = row["also"], row["posts"]
    assert isinstance(also, list)
    assert isinstance(posts, list)
    return Expected(
        event=str(row["event"]),
        kind=str(row["kind"]),
        place=str(row["place"]),
        rule=str(row["rule"]),
        also=frozenset(also),
        posts=frozenset(posts),
    )


TRUTH = [_expected(json.loads(line)) for line in _TRUTH.read_text("utf-8").splitlines()]
EVENTS = [row for row in TRUTH if row.rule]
QUIET = [row for row in TRUTH if not row.rule]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return watch(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def contributors(watched: Watched) -> dict[Incident, set[str]]:
    """The ids of the posts in each incident, as far as their matches say."""
    posts: dict[Incident, set[str]] = {incident: set() for incident in watched.incidents}
    by_series = defaultdict(list)
    for incident in watched.incidents:
        by_series[incident.rule_id, incident.group].append(incident)
    for match in watched.matches:
        for incident in by_series[match.rule_id, match.group]:
            if _falls_into(match, incident):
                posts[incident].add(_post(match))
    return posts


def _falls_into(match: Match, incident: Incident) -> bool:
    """Incidents that ended without posts have no span left: their whole series counts."""
    return incident.posts == 0 or incident.first_at <= match.event_at <= incident.last_at


def _post(match: Match) -> str:
    return match.uid.rpartition(":")[2]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event)
def test_an_event_is_raised_at_its_place(
    event: Expected, contributors: dict[Incident, set[str]]
) -> None:
    raised = [
        incident
        for incident, posts in contributors.items()
        if incident.rule_id == event.rule and posts & event.posts
    ]
    assert any(_names(incident, event.place) for incident in raised)


def _names(incident: Incident, place: str) -> bool:
    return any(value.partition(" (")[0] == place for value in incident.group)


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.event)
def test_what_must_stay_quiet_contributes_to_no_incident(
    quiet: Expected, contributors: dict[Incident, set[str]]
) -> None:
    disturbed = {
        (incident.rule_id, post)
        for incident, posts in contributors.items()
        for post in posts & quiet.posts
    }
    assert disturbed == set()


def test_every_incident_is_about_an_event(contributors: dict[Incident, set[str]]) -> None:
    """Chatter raises nothing, and an event raises no rule that has nothing to do with it."""
    astray = [
        (incident.rule_id, incident.group, sorted(posts))
        for incident, posts in contributors.items()
        if not any(
            posts & event.posts and incident.rule_id in {event.rule, *event.also}
            for event in EVENTS
        )
    ]
    assert astray == []


def test_the_board_can_be_read(watched: Watched) -> None:
    open_ones = [one for one in watched.incidents if one.state not in GONE_STATES]
    assert 12 <= len(open_ones) <= 30
    assert max(one.posts for one in open_ones) >= 20


def test_a_deleted_report_is_withdrawn(contributors: dict[Incident, set[str]]) -> None:
    luton = next(event for event in EVENTS if event.event == "luton-shots")
    states = {one.state for one, posts in contributors.items() if posts & luton.posts}
    assert states == {"withdrawn"}
