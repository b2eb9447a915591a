"""An evening on the stack is the same evening: search, incidents, removals, dead letters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines import EVENING, Tocsin

POSTS = 400
SPREAD = 9
"""Every so many lines one post, so that all of the evening is in it."""


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """A few hundred posts of the demo evening, and a line that is none."""
    lines = EVENING.read_text(encoding="utf-8").splitlines()[::SPREAD][:POSTS]
    file = tmp_path / "evening.jsonl"
    file.write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    return file


def incidents(tocsin: Tocsin) -> list[dict[str, Any]]:
    """All incidents, without the moments at which they were handled."""
    handled = {"raised_at", "updated_at", "rule_version"}
    rows = tocsin.rows("alerts", "list", "--all", "--gone")
    return sorted(
        ({k: v for k, v in row.items() if k not in handled} for row in rows),
        key=lambda row: str(row["id"]),
    )


def found(tocsin: Tocsin, query: str) -> list[str]:
    """The posts of a search, in its order."""
    return [post["uid"] for post in tocsin.rows("search", query, "--limit", "50")]


@pytest.mark.timeout(900)
def test_the_same_posts_give_the_same_answers(
    embedded: Tocsin, on_stack: Tocsin, posts: Path
) -> None:
    for tocsin in (embedded, on_stack):
        summary = json.loads(tocsin.ok("replay", str(posts), "--wait", "--json"))
        assert (summary["read"], summary["dead"]) == (POSTS + 1, 1)
    assert incidents(on_stack) == incidents(embedded) != []
    for question in (["*"], ["tension:disorder"], ["*", "--by", "place"]):
        assert on_stack.rows("count", *question) == embedded.rows("count", *question)
    ours, theirs = (found(tocsin, "fire") for tocsin in (on_stack, embedded))
    assert ours == theirs != []
    check_what_people_do(on_stack)


def check_what_people_do(tocsin: Tocsin) -> None:
    """Every other command of the line, where an evening has been."""
    (letter,) = tocsin.rows("dead", "list")
    assert tocsin.rows("dead", "show", letter["name"])[0]["excerpt"] == "{broken"
    first = next(row for row in tocsin.rows("alerts", "list") if row["state"] == "triggered")
    assert tocsin.rows("alerts", "ack", first["id"][:12])[0]["acknowledged_by"] == "tester"
    file = tocsin.rows("alerts", "show", first["id"])[0]
    assert [entry["actor"] for entry in file["timeline"]][-1] == "tester"
    stages = {row["stage"]: row for row in tocsin.rows("status") if row["kind"] == "stage"}
    assert {row["lag"] for row in stages.values()} == {0}
    assert {"enrich", "index", "match", "window"} <= set(stages)
    assert {row["source"] for row in tocsin.rows("coverage")} == {"replay:evening"}
    verdicts = {(row["what"], row["verdict"]) for row in tocsin.rows("doctor")}
    assert {("PostgreSQL", "well"), ("Kafka", "well"), ("Elasticsearch", "well")} <= verdicts
    assert "wrong" not in {verdict for _, verdict in verdicts}
    assert "mapping of this version" in tocsin.ok("index", "rebuild")
