"""An evening that went through the chain can be searched, counted and worked on."""

from __future__ import annotations

import json

import pytest

from tests.pipelines import EVENING, Tocsin


def living_posts() -> int:
    """Posts of the evening that were not deleted, in whatever order that came to be known."""
    rows = [json.loads(line) for line in EVENING.read_text(encoding="utf-8").splitlines()]
    names = {_name(row) for row in rows}
    return len(names - {_name(row) for row in rows if row.get("op") == "delete"})


def _name(row: dict[str, str]) -> str:
    return f"{row['platform']}:{row['instance']}:{row['id']}"


def test_every_post_is_searchable_and_none_is_dead(evening: Tocsin) -> None:
    assert evening.rows("count", "*") == [{"count": living_posts()}]
    assert evening.rows("dead", "list") == []


def test_a_search_shows_text_places_and_highlights(evening: Tocsin) -> None:
    found = evening.rows("search", "fire AND has:place", "--limit", "5")
    assert found
    for post in found:
        assert "fire" in post["text"].lower()
        assert post["places"]
        marked = {post["text"][start:end].lower() for start, end in post["highlights"]}
        assert any("fire" in words for words in marked)
        assert len(post["raw_sha256"]) == 64


def test_pages_follow_each_other_without_gap_or_repetition(evening: Tocsin) -> None:
    whole = [post["uid"] for post in evening.rows("search", "bus", "--limit", "1000")]
    assert len(set(whole)) == len(whole) == evening.rows("count", "bus")[0]["count"]


def test_counts_split_by_place_add_up(evening: Tocsin) -> None:
    rows = evening.rows("count", "tension:fire_damage", "--by", "place")
    assert rows == sorted(rows, key=lambda row: (-row["count"], row["key"]))
    hours = evening.rows("count", "*", "--by", "hour")
    assert sum(row["count"] for row in hours) == living_posts()


def test_a_wrong_query_names_position_and_remedy(evening: Tocsin) -> None:
    said = evening.fails("search", "plcae:guildford", status=2)
    assert "plcae" in said
    assert "place" in said


def test_an_incident_can_be_worked_on(evening: Tocsin) -> None:
    first = next(row for row in evening.rows("alerts", "list") if row["state"] == "triggered")
    name = first["id"][:10]
    assert evening.rows("alerts", "ack", name)[0]["acknowledged_by"] == "tester"
    evening.ok("alerts", "note", name, "Unit 12 sent")
    evening.ok("alerts", "start", name)
    assert evening.rows("alerts", "close", name)[0]["state"] == "resolved"
    file = evening.rows("alerts", "show", name)[0]
    acts = [(e["actor"], e["action"]) for e in file["timeline"] if e["actor"] == "tester"]
    assert acts == [
        ("tester", "acknowledged"),
        ("tester", "noted"),
        ("tester", "started"),
        ("tester", "resolved"),
    ]
    assert "cannot become acknowledged" in evening.fails("alerts", "ack", name)


def test_an_unknown_incident_is_named(evening: Tocsin) -> None:
    assert "no incident 'zzzz'" in evening.fails("alerts", "show", "zzzz")


@pytest.mark.parametrize(
    "command",
    [
        ("search", "fire", "--limit", "3"),
        ("count", "fire", "--by", "place"),
        ("alerts", "list"),
        ("rules", "list"),
        ("rules", "check"),
        ("sources", "list"),
        ("coverage",),
        ("dead", "list"),
        ("status",),
    ],
    ids=" ".join,
)
def test_people_read_it_in_80_columns(evening: Tocsin, command: tuple[str, ...]) -> None:
    said = evening.ok(*command)
    assert said.strip()
    assert max(len(line) for line in said.splitlines()) <= 80 or command[0] == "search"


def test_the_doctor_finds_the_evening_well(evening: Tocsin) -> None:
    verdicts = {row["what"]: row["verdict"] for row in evening.rows("doctor")}
    assert "wrong" not in verdicts.values()
    assert verdicts["pipeline"] == "warning"


def test_coverage_is_declared_for_the_replay(evening: Tocsin) -> None:
    sources = {row["source"] for row in evening.rows("coverage")}
    assert sources == {"replay:evening"}


def test_status_of_a_pipeline_at_rest_complains_of_no_stage(evening: Tocsin) -> None:
    said = evening.ok("status")
    assert "No pipeline runs on this state" in said
    assert "silent" not in said
    rows = evening.rows("status")
    assert [row["running"] for row in rows if row["kind"] == "pipeline"] == [False]
    assert {row["lag"] for row in rows if row["kind"] == "backlog"} == {0}
