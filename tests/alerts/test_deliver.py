"""The delivery ledger: every message to every recipient, until it is accepted or given up."""

from __future__ import annotations

import io
from random import Random

import pytest

from alerts.channels import AppriseChannel, LineChannel
from alerts.deliver import DeliverStage, DeliverySettings
from alerts.incidents import Act, acknowledge, list_incidents, resolve, show
from alerts.port import Channel, Message, Outcome
from model.clock import HOUR, MINUTE, SECOND, MovableClock
from model.incident import Delivery, Incident
from store.engine import Store
from tests.alerts.builders import Window, match, rule, withdrawal
from tests.alerts.web import web_service

# One of apprise's services reads pictures with a module that Python 3.13 dropped.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SETTINGS = DeliverySettings(
    first_wait=10 * SECOND, longest_wait=60 * SECOND, give_up_after=HOUR, one_try=2 * MINUTE
)


class Scripted:
    """A channel that answers as it is told, and keeps what it was given."""

    def __init__(self, name: str = "desk", *outcomes: Outcome) -> None:
        self.name = name
        self.outcomes = list(outcomes)
        self.given: list[Message] = []

    def deliver(self, message: Message) -> Outcome:
        self.given.append(message)
        return self.outcomes.pop(0) if self.outcomes else Outcome("accepted")


DOWN = Outcome("failed_for_now", "nobody answers")


class Ledger:
    """A deliver stage on a store in which one incident waits for the channels."""

    def __init__(self, store: Store, clock: MovableClock, *channels: Channel) -> None:
        self.store = store
        self.clock = clock
        self.channels = channels
        self.names = [channel.name for channel in channels]

    def raise_incident(self, uid: str = "a", minute: float = 0) -> Incident:
        Window(self.store, [rule()], self.clock, self.names).count(match(uid, minute))
        return list_incidents(self.store)[0]

    def tick(self) -> None:
        """One tick of a stage that has just been started."""
        DeliverStage(self.store, self.channels, self.clock, SETTINGS, Random(7)).process([])

    def rows(self) -> list[Delivery]:
        incidents = list_incidents(self.store, states=None)
        return [row for incident in incidents for row in show(self.store, incident.id).deliveries]


def test_a_message_is_sent_once_to_every_channel(store: Store, clock: MovableClock) -> None:
    desk, radio = Scripted("desk"), Scripted("radio")
    ledger = Ledger(store, clock, desk, radio)
    incident = ledger.raise_incident()
    ledger.tick()
    clock.advance(HOUR)
    ledger.tick()
    assert (len(desk.given), len(radio.given)) == (1, 1)
    assert [row.status for row in ledger.rows()] == ["accepted", "accepted"]
    told = [entry for entry in show(store, incident.id).timeline if entry.action == "told"]
    assert {entry.detail for entry in told} == {"desk", "radio"}


def test_the_message_says_what_and_where_and_what_to_do(store: Store, clock: MovableClock) -> None:
    desk = Scripted()
    hostile = "\x1b[2Jknife\u202egnp.exe\n\n" + "x" * 500
    Window(store, [rule()], clock).count(match("a", excerpt=hostile, place="Guildford"))
    Ledger(store, clock, desk).tick()
    (message,) = desk.given
    assert message.title == "Weapons seen"
    assert message.severity == "elevated"
    first, do, quote, last = message.body.split("\n")
    assert first == "1 post at Guildford, 14 Nov 22:13 UTC."
    assert do == "Do: Ring the duty inspector"
    assert quote.startswith("“[2Jknifegnp.exe xxx")
    assert quote.endswith("…”")
    assert len(quote) < 170
    assert last == f"Incident {message.incident_id}"


def test_a_failure_is_tried_again_after_waits_that_double(
    store: Store, clock: MovableClock
) -> None:
    desk = Scripted("desk", *[DOWN] * 5)
    ledger = Ledger(store, clock, desk)
    ledger.raise_incident()
    waits = []
    for _ in range(5):
        ledger.tick()
        (row,) = ledger.rows()
        assert (row.status, row.detail) == ("failed_for_now", "nobody answers")
        waits.append((row.due_at - clock.now()) / SECOND)
        clock.set(row.due_at - 1)
        ledger.tick()
        clock.set(row.due_at)
    ledger.tick()
    for wait, longest in zip(waits, [10, 20, 40, 60, 60], strict=True):
        assert longest / 2 <= wait <= longest
    (row,) = ledger.rows()
    assert (row.status, row.attempts) == ("accepted", 6)
    assert len({message.id for message in desk.given}) == 1


def test_it_is_given_up_in_the_end_and_the_timeline_says_so(
    store: Store, clock: MovableClock
) -> None:
    desk = Scripted("desk", *[DOWN] * 99)
    ledger = Ledger(store, clock, desk)
    incident = ledger.raise_incident()
    ledger.tick()
    clock.advance(2 * HOUR)
    ledger.tick()
    clock.advance(2 * HOUR)
    ledger.tick()
    (row,) = ledger.rows()
    assert (row.status, row.attempts) == ("failed_for_good", 2)
    last = show(store, incident.id).timeline[-1]
    assert (last.action, last.detail) == (
        "not_told",
        "desk: given up after 2 tries: nobody answers",
    )


def test_a_final_refusal_ends_it_at_once(store: Store, clock: MovableClock) -> None:
    desk = Scripted("desk", Outcome("failed_for_good", "it answered 410"))
    ledger = Ledger(store, clock, desk)
    ledger.raise_incident()
    ledger.tick()
    assert [row.status for row in ledger.rows()] == ["failed_for_good"]


def test_a_channel_that_is_down_holds_up_no_other_and_is_asked_once_a_tick(
    store: Store, clock: MovableClock
) -> None:
    down, well = Scripted("down", *[DOWN] * 9), Scripted("well")
    ledger = Ledger(store, clock, down, well)
    for number in range(5):
        ledger.raise_incident(f"p{number}", -60 * number)
    ledger.tick()
    assert (len(down.given), len(well.given)) == (1, 5)


def test_a_try_that_never_ended_is_repeated_under_the_same_id(
    store: Store, clock: MovableClock
) -> None:
    class Killed(BaseException):
        """The process died."""

    class Deadly(Scripted):
        def deliver(self, message: Message) -> Outcome:
            super().deliver(message)
            raise Killed

    deadly, desk = Deadly(), Scripted()
    ledger = Ledger(store, clock, deadly)
    ledger.raise_incident()
    try:
        ledger.tick()
    except Killed:
        ledger.channels = (desk,)
    ledger.tick()
    assert desk.given == []
    clock.advance(SETTINGS.one_try)
    ledger.tick()
    assert [message.id for message in desk.given] == [message.id for message in deadly.given]
    assert [(row.status, row.attempts) for row in ledger.rows()] == [("accepted", 2)]


def test_a_channel_that_is_gone_is_not_waited_for(store: Store, clock: MovableClock) -> None:
    ledger = Ledger(store, clock, Scripted("old"))
    ledger.raise_incident()
    ledger.channels = (Scripted("new"),)
    ledger.tick()
    (row,) = ledger.rows()
    assert (row.status, row.detail) == ("failed_for_good", "no channel of this name is configured")


def test_nobody_is_told_of_what_needs_nobody_any_more(store: Store, clock: MovableClock) -> None:
    desk = Scripted()
    ledger = Ledger(store, clock, desk)
    incident = ledger.raise_incident()
    resolve(store, incident.id, Act("controller", clock.now()))
    ledger.tick()
    assert desk.given == []
    assert [row.status for row in ledger.rows()] == ["cancelled"]


def test_a_withdrawn_post_is_not_quoted(store: Store, clock: MovableClock) -> None:
    desk = Scripted()
    view = Window(store, [rule()], clock)
    view.count(match("a", 0, excerpt="first words"), match("b", 1, excerpt="last words"))
    view.count(withdrawal("b"))
    Ledger(store, clock, desk).tick()
    assert "“first words”" in desk.given[0].body
    assert "last words" not in desk.given[0].body


def test_a_message_follows_its_incident_to_another_name(store: Store, clock: MovableClock) -> None:
    desk = Scripted("desk", DOWN)
    ledger = Ledger(store, clock, desk)
    before = ledger.raise_incident("b", 8)
    ledger.tick()
    acknowledge(store, before.id, Act("controller", clock.now()))
    after = ledger.raise_incident("a", 0)
    clock.advance(MINUTE)
    ledger.tick()
    assert [message.incident_id for message in desk.given] == [before.id, after.id]
    assert len({message.id for message in desk.given}) == 1
    assert show(store, after.id).timeline[-1].action == "told"


def test_from_a_match_to_a_terminal_and_a_web_service(store: Store, clock: MovableClock) -> None:
    screen = io.StringIO()
    with web_service() as service:
        address = f"json://127.0.0.1:{service.port}/"
        ledger = Ledger(
            store, clock, LineChannel("terminal", screen), AppriseChannel("duty", address)
        )
        incident = ledger.raise_incident()
        service.status = 500
        ledger.tick()
        assert sorted(row.status for row in ledger.rows()) == ["accepted", "failed_for_now"]
        service.status = 200
        clock.advance(MINUTE)
        ledger.tick()
        assert [row.status for row in ledger.rows()] == ["accepted", "accepted"]
        assert incident.id in service.received[-1]["message"]
    assert screen.getvalue().count(incident.id) == 1


def test_whoever_was_told_is_told_of_the_withdrawal(store: Store, clock: MovableClock) -> None:
    desk = Scripted("desk")
    ledger = Ledger(store, clock, desk)
    incident = ledger.raise_incident()
    ledger.tick()
    Window(store, [rule()], clock, ["desk"]).count(withdrawal("a"))
    ledger.tick()
    page, retraction = desk.given
    assert retraction.title == f"Withdrawn: {page.title}"
    assert retraction.incident_id == incident.id
    assert retraction.id != page.id
    ledger.tick()
    assert len(desk.given) == 2


def test_a_withdrawal_is_not_told_once_the_incident_is_there_again(
    store: Store, clock: MovableClock
) -> None:
    desk = Scripted("desk")
    ledger = Ledger(store, clock, desk)
    ledger.raise_incident()
    ledger.tick()
    Window(store, [rule()], clock, ["desk"]).count(withdrawal("a"))
    clock.advance(MINUTE)
    ledger.raise_incident("b")
    ledger.tick()
    assert [message.title for message in desk.given] == ["Weapons seen", "Weapons seen"]
