"""What a controller can do with an incident, and what they cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.errors import IllegalTransition, UnknownIncident
from alerts.incidents import (
    SHOWN_POSTS,
    Act,
    acknowledge,
    call_false,
    list_incidents,
    note,
    resolve,
    show,
    start,
)
from model.clock import MINUTE
from model.incident import Incident
from store.engine import Store
from tests.alerts.builders import EVENING, Window, match

Step = Callable[[Store, str, Act], Incident]
NOW = Act("controller.one", EVENING + MINUTE, "seen on camera")

STEPS: dict[str, Step] = {
    "acknowledged": acknowledge,
    "in_progress": start,
    "resolved": resolve,
    "false_alarm": call_false,
}
LEGAL = {
    "triggered": {"acknowledged", "in_progress", "resolved", "false_alarm"},
    "acknowledged": {"in_progress", "resolved", "false_alarm"},
    "in_progress": {"resolved", "false_alarm"},
    "resolved": set[str](),
    "false_alarm": set[str](),
}


@pytest.fixture
def incident(store: Store, window: Callable[..., Window]) -> Incident:
    window().count(match("a"))
    return list_incidents(store)[0]


@pytest.mark.parametrize("state", LEGAL)
@pytest.mark.parametrize("target", STEPS)
def test_only_sensible_steps_can_be_taken(
    store: Store, incident: Incident, state: str, target: str
) -> None:
    if state != "triggered":
        STEPS[state](store, incident.id, NOW)
    if target in LEGAL[state]:
        assert STEPS[target](store, incident.id, NOW).state == target
        assert show(store, incident.id).incident.state == target
    else:
        with pytest.raises(IllegalTransition, match=f"it is {state} by controller.one"):
            STEPS[target](store, incident.id, NOW)
        assert show(store, incident.id).incident.state == state


def test_every_act_is_a_line_of_the_timeline(store: Store, incident: Incident) -> None:
    note(store, incident.id, NOW)
    acknowledge(store, incident.id, Act("controller.two", EVENING + 2 * MINUTE))
    start(store, incident.id, Act("controller.two", EVENING + 3 * MINUTE, "unit sent"))
    resolve(store, incident.id, Act("supervisor", EVENING + 4 * MINUTE, "area searched"))
    lines = [
        (entry.actor, entry.action, entry.detail)
        for entry in show(store, incident.id).timeline
        if entry.actor != "tocsin"
    ]
    assert lines == [
        ("controller.one", "noted", "seen on camera"),
        ("controller.two", "acknowledged", ""),
        ("controller.two", "started", "unit sent"),
        ("supervisor", "resolved", "area searched"),
    ]


def test_who_took_it_first_stays_on_it(store: Store, incident: Incident) -> None:
    acknowledge(store, incident.id, NOW)
    resolve(store, incident.id, Act("supervisor", EVENING + 2 * MINUTE))
    after = show(store, incident.id).incident
    assert (after.acknowledged_by, after.closed_at) == ("controller.one", EVENING + 2 * MINUTE)


def test_a_refused_step_leaves_no_trace(store: Store, incident: Incident) -> None:
    resolve(store, incident.id, NOW)
    before = show(store, incident.id)
    with pytest.raises(IllegalTransition) as raised:
        acknowledge(store, incident.id, NOW)
    assert "Notes can still be added" in str(raised.value)
    assert show(store, incident.id) == before


def test_an_unknown_incident_is_named(store: Store) -> None:
    for attempt in (show, lambda s, i: note(s, i, NOW), lambda s, i: acknowledge(s, i, NOW)):
        with pytest.raises(UnknownIncident, match="feedfacefeedface"):
            attempt(store, "feedfacefeedface")


def test_the_last_posts_are_shown_newest_first(store: Store, window: Callable[..., Window]) -> None:
    window().count(*(match(f"p{number:03}", number / 10) for number in range(SHOWN_POSTS + 9)))
    (incident,) = list_incidents(store)
    posts = show(store, incident.id).posts
    assert len(posts) == SHOWN_POSTS
    assert [post.uid for post in posts[:2]] == [f"p{SHOWN_POSTS + 8:03}", f"p{SHOWN_POSTS + 7:03}"]
    assert incident.posts == SHOWN_POSTS + 9


def test_closed_incidents_are_listed_on_demand(store: Store, incident: Incident) -> None:
    resolve(store, incident.id, NOW)
    assert list_incidents(store) == []
    assert [i.id for i in list_incidents(store, states=None)] == [incident.id]
    assert [i.id for i in list_incidents(store, states=["resolved"], severities=["high"])] == []
