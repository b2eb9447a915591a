"""A damaged file is named with its remedy, and everything else still works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines import Tocsin

ALARMS = ("Lad with a knife outside the Spar in Guildford", "Bins on fire in Woking")


def replay(tocsin: Tocsin, folder: Path, name: str) -> None:
    rows = [
        {"id": f"{name}{number}", "created_at": "2026-03-01T20:00:00Z", "text": text}
        for number, text in enumerate(ALARMS)
    ]
    file = folder / f"{name}.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    tocsin.ok("replay", str(file), "--wait")


@pytest.fixture
def tocsin(tmp_path: Path, empty: Tocsin) -> Tocsin:
    """A state folder with a few posts in it."""
    replay(empty, tmp_path, "before")
    return empty


def damage_index(tocsin: Tocsin) -> None:
    segments = [f for f in (tocsin.state / "index").rglob("*") if f.suffix == ".store"]
    assert segments
    for segment in segments:
        segment.write_bytes(b"\0" * 40)


def test_a_damaged_index_is_named_and_rebuilt_from_the_log(tocsin: Tocsin) -> None:
    before = tocsin.rows("count", "*")
    damage_index(tocsin)
    said = tocsin.fails("search", "fire")
    assert "index" in said
    assert "tocsin index rebuild" in said
    assert "wrong" in {row["verdict"] for row in map(json.loads, doctor(tocsin))}
    tocsin.ok("index", "rebuild")
    tocsin.ok("replay", str(tocsin.state.parent / "before.jsonl"), "--wait")
    assert tocsin.rows("count", "*") == before
    assert tocsin.rows("search", "fire")


def test_alerts_go_on_without_the_index(tocsin: Tocsin, tmp_path: Path) -> None:
    """Matching does not read the index, so its damage cannot silence the alarm."""
    damage_index(tocsin)
    assert tocsin.rows("alerts", "list", "--all")


def test_a_damaged_record_is_named(tocsin: Tocsin) -> None:
    store = tocsin.state / "store.db"
    store.write_bytes(b"\0" * store.stat().st_size)
    for part in ("store.db-wal", "store.db-shm"):
        (tocsin.state / part).unlink(missing_ok=True)
    assert "store.db" in tocsin.fails("alerts", "list")


def doctor(tocsin: Tocsin) -> list[bytes]:
    done = tocsin.run("doctor", "--json")
    assert done.returncode == 1
    return done.stdout.splitlines()
