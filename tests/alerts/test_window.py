"""What people see of an incident while matches come late, twice, or are taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.errors import UnknownRule
from alerts.incidents import (
    Act,
    acknowledge,
    call_false,
    list_incidents,
    note,
    resolve,
    retracted,
    show,
    start,
)
from alerts.route import Router
from bus.port import Record
from model.clock import DAY, HOUR, MINUTE, MovableClock
from model.errors import MalformedRecord
from model.incident import Delivery, Incident
from store.engine import Store
from tests.alerts.builders import (
    EVENING,
    HISTORIC_AFTER,
    Window,
    event,
    match,
    records,
    rule,
    withdrawal,
)
from tests.alerts.oracle import shown

Open = Callable[..., Window]
LATER = EVENING + 2 * HOUR


def the_incident(store: Store) -> Incident:
    """The only one that is open."""
    (incident,) = list_incidents(store)
    return incident


def messages(store: Store, incident: Incident) -> list[Delivery]:
    return list(show(store, incident.id).deliveries)


def actions(store: Store, incident: Incident) -> list[str]:
    return [entry.action for entry in show(store, incident.id).timeline]


class TestKinds:
    def test_any_raises_an_incident_for_the_first_match(self, store: Store, window: Open) -> None:
        window().count(match("a", place="Guildford"))
        incident = the_incident(store)
        assert (incident.posts, incident.state, incident.place) == (1, "triggered", "Guildford")
        assert incident.response == "Ring the duty inspector"

    def test_matches_within_the_window_join_and_later_ones_do_not(
        self, store: Store, window: Open
    ) -> None:
        window().count(match("a", 0), match("b", 10), match("c", 20.1))
        assert sorted(incident.posts for incident in list_incidents(store)) == [1, 2]

    def test_frequency_waits_for_its_threshold_within_one_window(
        self, store: Store, window: Open
    ) -> None:
        view = window(rule(kind="frequency", threshold=3))
        view.count(match("a", 0), match("b", 8))
        view.count(match("c", 16))
        assert list_incidents(store) == []
        view.count(match("d", 17))
        incident = the_incident(store)
        assert (incident.posts, incident.first_at) == (4, EVENING)

    def test_one_post_counts_once_however_often_it_comes(self, store: Store, window: Open) -> None:
        view = window(rule(kind="frequency", threshold=2))
        view.count(match("a"), match("a"))
        view.count(match("a"))
        assert list_incidents(store) == []

    def test_groups_have_incidents_of_their_own(self, store: Store, window: Open) -> None:
        view = window(rule(group_by=("place",)))
        view.count(match("a", group=("guildford",)), match("a", group=("woking",)))
        assert sorted(i.group for i in list_incidents(store)) == [("guildford",), ("woking",)]


class TestLatePosts:
    def test_one_that_came_first_renames_and_nobody_is_told_again(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("b", 8))
        before = the_incident(store)
        acknowledge(store, before.id, Act("controller", LATER, "on it"))
        view.count(match("a", 0))
        after = the_incident(store)
        assert after.id != before.id
        assert (after.first_at, after.posts) == (EVENING, 2)
        assert (after.state, after.acknowledged_by) == ("acknowledged", "controller")
        assert actions(store, after) == ["raised", "took_over", "acknowledged"]
        assert len(messages(store, after)) == 1
        assert show(store, before.id).incident == after

    def test_one_that_closes_the_gap_joins_two_and_both_names_still_work(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("c", 18))
        first, second = sorted(list_incidents(store), key=lambda incident: incident.first_at)
        note(store, second.id, Act("controller", LATER, "seen on camera 4"))
        view.count(match("b", 9))
        incident = the_incident(store)
        assert incident.posts == 3
        assert show(store, first.id).incident == show(store, second.id).incident == incident
        words = [entry.detail for entry in show(store, first.id).timeline]
        assert {"seen on camera 4", second.id} <= set(words)

    def test_a_page_still_to_be_sent_is_not_sent_for_the_half_that_was_told(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("c", 18))
        view.count(match("b", 9))
        statuses = [delivery.status for delivery in messages(store, the_incident(store))]
        assert sorted(statuses) == ["cancelled", "due"]

    @pytest.mark.parametrize(
        ("one", "other", "joined"),
        [
            (start, acknowledge, "in_progress"),
            (acknowledge, None, "acknowledged"),
            (resolve, None, "triggered"),
            (call_false, None, "triggered"),
            (call_false, resolve, "resolved"),
        ],
    )
    def test_joining_keeps_the_state_of_whoever_has_most_to_do(
        self,
        store: Store,
        window: Open,
        one: Callable[[Store, str, Act], Incident],
        other: Callable[[Store, str, Act], Incident] | None,
        joined: str,
    ) -> None:
        view = window()
        view.count(match("a", 0), match("c", 18))
        first, second = list_incidents(store)
        one(store, first.id, Act("controller", LATER))
        if other is not None:
            other(store, second.id, Act("controller", LATER))
        view.count(match("b", 9))
        (incident,) = (i for i in list_incidents(store, states=None) if i.state != "merged")
        assert incident.state == joined

    def test_a_post_of_last_year_is_an_incident_of_its_own(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("old", -400 * 24 * 60))
        assert len(list_incidents(store)) == 2


class TestWithdrawals:
    def test_the_post_no_longer_counts_and_its_words_are_gone(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("b", 5))
        view.count(withdrawal("b"))
        incident = the_incident(store)
        assert (incident.posts, incident.last_at) == (1, EVENING)
        posts = {post.uid: post.excerpt for post in show(store, incident.id).posts}
        assert "he has a knife" not in (posts.get("b"), *actions(store, incident))

    @pytest.mark.parametrize("database", ["sqlite"])
    def test_the_words_go_from_the_file_too(
        self, store: Store, window: Open, tmp_path: Path
    ) -> None:
        view = window()
        uids = [f"post-{number}" for number in range(60)]
        for uid in uids:
            view.count(match(uid, excerpt=f"the words of {uid} end here"))
        view.count(*map(withdrawal, uids[1::2]))
        assert [post.excerpt for post in store.contributions.of_posts(uids[1:2])] == [None]
        store.close()
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        lingering = [uid for uid in uids if f"the words of {uid} end".encode() in kept]
        assert lingering == uids[::2]

    def test_an_incident_without_posts_is_withdrawn_and_nobody_is_told(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a"))
        incident = the_incident(store)
        view.count(withdrawal("a"))
        after = show(store, incident.id)
        assert (after.incident.state, after.incident.posts) == ("withdrawn", 0)
        assert [delivery.status for delivery in after.deliveries] == ["cancelled"]
        assert list_incidents(store) == []

    def test_too_few_posts_left_withdraw_a_frequency_incident(
        self, store: Store, window: Open
    ) -> None:
        view = window(rule(kind="frequency", threshold=2))
        view.count(match("a", 0), match("b", 5))
        incident = the_incident(store)
        view.count(withdrawal("b"))
        after = show(store, incident.id)
        assert (after.incident.state, after.incident.posts) == ("withdrawn", 1)
        assert "too few" in after.timeline[-1].detail

    def test_losing_the_first_post_renames(self, store: Store, window: Open) -> None:
        view = window()
        view.count(match("a", 0), match("b", 5))
        before = the_incident(store)
        view.count(withdrawal("a"))
        after = the_incident(store)
        assert (after.first_at, after.posts) == (EVENING + 5 * MINUTE, 1)
        assert show(store, before.id).incident == after
        assert len(messages(store, after)) == 1

    def test_losing_the_middle_breaks_in_two_without_a_second_page(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("b", 9), match("c", 18))
        whole = the_incident(store)
        acknowledge(store, whole.id, Act("controller", LATER))
        view.count(withdrawal("b"))
        parts = list_incidents(store)
        assert [(part.state, part.posts) for part in parts] == [("acknowledged", 1)] * 2
        (new,) = (part for part in parts if part.id != whole.id)
        assert messages(store, new) == []
        assert actions(store, new) == ["split"]

    def test_a_name_that_was_merged_away_can_come_back(self, store: Store, window: Open) -> None:
        view = window()
        view.count(match("b", 8))
        name = the_incident(store).id
        view.count(match("a", 0))
        assert the_incident(store).id != name
        view.count(withdrawal("a"))
        incident = the_incident(store)
        assert (incident.id, incident.merged_into, incident.posts) == (name, None, 1)
        assert len(messages(store, incident)) == 1

    def test_a_withdrawal_that_comes_first_wins(self, store: Store, window: Open) -> None:
        view = window()
        view.count(withdrawal("a"))
        view.count(match("a"))
        assert list_incidents(store, states=None) == []
        assert store.contributions.of_posts(["a"]) == []

    def test_it_reaches_what_a_removed_rule_left_behind(self, store: Store, window: Open) -> None:
        window(rule("gone")).count(
            match("a", 0, rule_id="gone"),
            match("b", 9, rule_id="gone"),
            match("c", 18, rule_id="gone"),
        )
        window().count(withdrawal("b"))
        assert the_incident(store).posts == 2
        window().count(withdrawal("a"), withdrawal("c"))
        assert list_incidents(store) == []


class TestLives:
    def test_a_withheld_post_comes_back_when_it_is_restored(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("b", 5))
        view.count(event("a", "withhold", rev=1))
        assert the_incident(store).posts == 1
        view.count(event("a", "restore", rev=2))
        incident = the_incident(store)
        assert (incident.posts, incident.first_at) == (2, EVENING)
        assert len(messages(store, incident)) == 1

    def test_a_match_of_a_withheld_post_waits_without_its_words(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(event("a", "withhold", rev=1))
        view.count(match("a"))
        assert list_incidents(store) == []
        (kept,) = store.contributions.of_posts(["a"])
        assert (kept.excerpt, kept.withdrawn_at is None) == (None, False)
        view.count(event("a", "restore", rev=2))
        assert the_incident(store).posts == 1

    def test_a_deleted_account_takes_all_its_posts_along_now_and_later(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0, account=7), match("b", 1, account=7), match("c", 2, account=8))
        view.count(event("profile", "account_delete", account=7))
        view.count(match("d", 3, account=7))
        incident = the_incident(store)
        assert (incident.posts, incident.first_at) == (1, EVENING + 2 * MINUTE)
        words = {post.excerpt for post in store.contributions.of_accounts([7])}
        assert words == {None}


class TestRevisions:
    def test_a_newer_revision_replaces_and_an_older_one_does_not(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", rev=1, excerpt="second"))
        view.count(match("a", rev=0, excerpt="first"))
        view.count(match("a", rev=2, excerpt="third"))
        (post,) = show(store, the_incident(store).id).posts
        assert post.excerpt == "third"

    def test_a_revision_that_moves_in_time_takes_its_incident_along(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0))
        view.count(match("a", 30, rev=1))
        incident = the_incident(store)
        assert (incident.first_at, incident.posts) == (EVENING + 30 * MINUTE, 1)


class TestPaging:
    def test_one_message_to_each_channel_of_the_route(
        self, store: Store, clock: MovableClock
    ) -> None:
        rules = [rule(route=("radio", "mistyped", "radio"))]
        Window(store, rules, clock, ["desk", "radio"]).count(match("a"))
        assert [m.channel for m in messages(store, the_incident(store))] == ["radio"]

    def test_a_route_that_leads_nowhere_leads_to_the_default(
        self, store: Store, clock: MovableClock
    ) -> None:
        Window(store, [rule(route=("mistyped",))], clock, ["desk"]).count(match("a"))
        assert [m.channel for m in messages(store, the_incident(store))] == ["desk"]

    def test_names_that_lead_nowhere_can_be_told_to_the_operator(self) -> None:
        some = rule(route=("mistyped", "desk"))
        assert list(Router(["desk"], ["desk"]).unknown([some])) == [(some, "mistyped")]

    def test_more_posts_tell_nobody_again(self, store: Store, window: Open) -> None:
        view = window()
        view.count(match("a", 0))
        view.count(match("b", 1), match("c", 2))
        assert len(messages(store, the_incident(store))) == 1

    def test_old_posts_raise_an_incident_and_tell_nobody(self, store: Store, window: Open) -> None:
        window().count(match("a", late=HISTORIC_AFTER + 1))
        incident = the_incident(store)
        assert incident.historic
        assert actions(store, incident) == ["raised", "historic"]
        assert messages(store, incident) == []

    def test_a_fresh_post_in_an_old_incident_does_tell(self, store: Store, window: Open) -> None:
        view = window()
        view.count(match("a", 0, late=DAY))
        view.count(match("b", 5))
        incident = the_incident(store)
        assert not incident.historic
        assert len(messages(store, incident)) == 1

    def test_posts_published_after_it_was_resolved_open_it_and_tell_again(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0))
        incident = the_incident(store)
        resolve(store, incident.id, Act("controller", EVENING + 3 * MINUTE))
        view.count(match("b", 2))
        assert list_incidents(store) == []
        view.clock.advance(MINUTE)
        view.count(match("c", 5))
        again = the_incident(store)
        assert (again.id, again.state, again.closed_at) == (incident.id, "triggered", None)
        assert len(messages(store, again)) == 2
        assert actions(store, again)[-1] == "reopened"

    def test_more_of_a_false_alarm_changes_nothing(self, store: Store, window: Open) -> None:
        view = window()
        view.count(match("a", 0))
        call_false(store, the_incident(store).id, Act("controller", EVENING + MINUTE))
        view.count(match("b", 5))
        assert list_incidents(store) == []
        (incident,) = list_incidents(store, states=["false_alarm"])
        assert incident.posts == 2


class TestBadInput:
    def test_what_is_no_match_is_rejected_and_the_rest_counted(
        self, store: Store, clock: MovableClock
    ) -> None:
        stage = Window(store, [rule()], clock).stage()
        good, unknown = records([match("a"), match("b", rule_id="nobody's")])
        broken = Record("alerts.matches", 0, 9, "x", b"\xc1")
        result = stage.process([broken, good, unknown])
        assert [(reject.record, type(reject.error)) for reject in result.rejects] == [
            (broken, MalformedRecord),
            (unknown, UnknownRule),
        ]
        assert the_incident(store).posts == 1

    def test_an_empty_batch_does_nothing(self, store: Store, clock: MovableClock) -> None:
        stage = Window(store, [rule()], clock).stage()
        assert stage.process([]).outputs == ()
        assert shown(store) == set()


class TestEdits:
    def test_an_edit_that_no_longer_matches_takes_its_post_back(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0), match("b", 5))
        view.count(event("a", "edit", rev=1))
        incident = the_incident(store)
        assert (incident.posts, incident.first_at) == (1, EVENING + 5 * MINUTE)
        (kept,) = store.contributions.of_posts(["a"])
        assert (kept.excerpt, kept.withdrawn_at is None) == (None, False)

    def test_an_edit_that_still_matches_changes_only_the_words(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0))
        view.count(event("a", "edit", rev=1), match("a", 0, rev=1, excerpt="two knives"))
        incident = the_incident(store)
        assert [post.excerpt for post in show(store, incident.id).posts] == ["two knives"]
        assert len(messages(store, incident)) == 1

    def test_a_match_of_what_was_edited_since_never_counts(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(event("a", "edit", rev=2))
        view.count(match("a", 0, rev=1))
        assert list_incidents(store) == []
        view.count(match("a", 0, rev=2))
        assert the_incident(store).posts == 1

    def test_who_was_told_is_told_that_it_is_withdrawn(
        self, store: Store, window: Open, clock: MovableClock
    ) -> None:
        view = window()
        view.count(match("a", 0))
        before = the_incident(store)
        (page,) = messages(store, before)
        store.deliveries.begin(page.message_id, clock.now(), clock.now() + MINUTE)
        store.deliveries.end(page.message_id, "accepted", "", clock.now(), clock.now())
        view.count(event("a", "edit", rev=1))
        file = show(store, before.id)
        assert file.incident.state == "withdrawn"
        assert file.timeline[-1].detail == "no post is left; desk will be told"
        assert [(d.about, d.status) for d in file.deliveries] == [
            ("incident", "accepted"),
            ("withdrawal", "due"),
        ]
        assert [one.id for one in retracted(store, clock.now())] == [before.id]
        assert retracted(store, clock.now() + 1) == []

    def test_nobody_hears_of_the_end_of_what_they_never_heard_of(
        self, store: Store, window: Open
    ) -> None:
        view = window()
        view.count(match("a", 0))
        before = the_incident(store)
        view.count(event("a", "edit", rev=1))
        assert [d.status for d in show(store, before.id).deliveries] == ["cancelled"]
        assert retracted(store, 0) == []
