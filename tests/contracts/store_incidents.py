"""What incidents and the delivery ledger must do on every database."""

from __future__ import annotations

from store.engine import Store
from tests.contracts.store_builders import delivery, entry, incident


class IncidentContract:
    """Incidents under all their names, and messages that are sent by one alone."""

    def test_incidents_are_found_by_state_and_severity_last_raised_first(
        self, store: Store
    ) -> None:
        store.incidents.put(
            [
                incident("a", raised_at=1),
                incident("b", raised_at=2, severity="high"),
                incident("c", raised_at=3, state="resolved"),
            ]
        )
        assert [i.id for i in store.incidents.list()] == ["c", "b", "a"]
        assert [i.id for i in store.incidents.list(["triggered"])] == ["b", "a"]
        assert [i.id for i in store.incidents.list(None, ["high"])] == ["b"]
        assert [i.id for i in store.incidents.list(limit=1)] == ["c"]

    def test_an_incident_comes_back_as_it_was(self, store: Store) -> None:
        full = incident(
            "a",
            group=("Guildford", 'ma,sto"don\\'),
            place="Guildford",
            lat=51.2,
            lon=-0.57,
            historic=True,
            acknowledged_by="controller",
            closed_at=7,
        )
        store.incidents.put([full])
        assert store.incidents.get(["a", "b"]) == {"a": full}

    def test_recounting_leaves_the_state_alone(self, store: Store) -> None:
        store.incidents.put([incident("a", state="in_progress", acknowledged_by="me")])
        store.incidents.recount([incident("a", posts=9, last_at=50, place="Woking")])
        found = store.incidents.find("a")
        assert found is not None
        assert (found.state, found.acknowledged_by) == ("in_progress", "me")
        assert (found.posts, found.last_at, found.place) == (9, 50, "Woking")

    def test_every_earlier_name_finds_the_survivor(self, store: Store) -> None:
        store.incidents.put([incident("a"), incident("b"), incident("c")])
        for old, heir in [("a", "b"), ("b", "c")]:
            store.incidents.put([incident(old, state="merged", merged_into=heir)])
            store.incidents.take_over({old: heir})
        found = [store.incidents.find(name) for name in "abc"]
        assert [incident and incident.id for incident in found] == ["c", "c", "c"]
        assert store.incidents.find("d") is None

    def test_an_id_is_found_by_its_first_letters(self, store: Store) -> None:
        store.incidents.put([incident("ab1"), incident("ab2"), incident("a%1")])
        assert list(store.incidents.ids_starting_with("ab")) == ["ab1", "ab2"]
        assert list(store.incidents.ids_starting_with("a%")) == ["a%1"]
        assert list(store.incidents.ids_starting_with("ab", limit=1)) == ["ab1"]

    def test_a_timeline_moves_with_the_incident_and_keeps_its_order(self, store: Store) -> None:
        store.incidents.put([incident("a"), incident("b")])
        store.incidents.tell([("b", entry(2, "raised")), ("a", entry(1, "raised"))])
        store.incidents.tell([("a", entry(3, "noted", "see below"))])
        store.incidents.take_over({"a": "b"})
        assert store.incidents.timeline("a") == []
        assert store.incidents.timeline("b") == [
            entry(1, "raised"),
            entry(2, "raised"),
            entry(3, "noted", "see below"),
        ]

    def test_only_what_is_due_and_pending_is_handed_out(self, store: Store) -> None:
        store.incidents.put([incident("a")])
        store.deliveries.add(
            [
                delivery("m1", due_at=20),
                delivery("m2", due_at=10),
                delivery("m3", due_at=30),
                delivery("m4", due_at=1, status="accepted"),
                delivery("m5", due_at=15, channel="radio"),
            ]
        )
        assert store.deliveries.channels_due(20) == ["desk", "radio"]
        assert [d.message_id for d in store.deliveries.due("desk", 20, 9)] == ["m2", "m1"]
        assert [d.message_id for d in store.deliveries.due("desk", 20, 1)] == ["m2"]

    def test_a_try_is_begun_by_one_alone_and_counted(self, store: Store) -> None:
        store.incidents.put([incident("a")])
        store.deliveries.add([delivery("m1", due_at=10)])
        assert store.deliveries.begin("m1", 10, 100)
        assert not store.deliveries.begin("m1", 11, 100)
        assert [d.attempts for d in store.deliveries.of_incidents(["a"])] == [1]
        assert store.deliveries.begin("m1", 100, 200)

    def test_a_message_is_added_once(self, store: Store) -> None:
        store.incidents.put([incident("a")])
        store.deliveries.add([delivery("m1")])
        store.deliveries.end("m1", "accepted", "", 5, 5)
        store.deliveries.add([delivery("m1")])
        assert [d.status for d in store.deliveries.of_incidents(["a"])] == ["accepted"]

    def test_cancelling_spares_what_was_sent(self, store: Store) -> None:
        store.incidents.put([incident("a")])
        store.deliveries.add([delivery("m1"), delivery("m2", status="accepted")])
        store.deliveries.cancel(["m1", "m2"], "withdrawn", 5)
        assert [d.status for d in store.deliveries.of_incidents(["a"])] == ["cancelled", "accepted"]
