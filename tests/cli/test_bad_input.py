"""Bad input is named, kept, and stops nothing else: through the whole chain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.pipelines import Tocsin

GOOD = {"id": "1", "created_at": "2026-03-01T20:00:00Z", "text": "Bins on fire in Guildford"}


def replay(tocsin: Tocsin, folder: Path, *lines: bytes) -> dict[str, int]:
    file = folder / "posts.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    outcome: dict[str, int] = tocsin.rows("replay", str(file), "--wait")[0]
    return outcome


def row(**fields: object) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def test_everything_at_once_and_the_good_posts_still_flow(empty: Tocsin, tmp_path: Path) -> None:
    lines = [
        row(id="first"),
        b'{"id": "half", "text": "cut o',
        b'{"id": "bytes", "created_at": "2026-03-01T20:00:00Z", "text": "\xff\xfe"}',
        row(id="surrogate", text="lone \ud800 surrogate"),
        row(id="nul", text="a\0b"),
        row(id="large", text="x" * 20_000_000),
        json.dumps({"created_at": GOOD["created_at"], "text": "no id"}).encode(),
        row(id="far", created_at="9999-12-31T23:59:59Z"),
        row(id="first"),
        row(id="naive", created_at="2026-03-01T20:00:00"),
        row(id="empty", text=""),
        row(id="rtl", text="\u202eerif no snib\u202c in Guild\u200bford"),
        row(id="last"),
    ]
    outcome = replay(empty, tmp_path, *lines)
    assert outcome["read"] == len(lines)
    dead = empty.rows("dead", "list")
    assert outcome["dead"] == len(dead)
    assert outcome["published"] + outcome["dead"] == outcome["read"]
    causes = {letter["origin"].rsplit(":", 1)[1]: letter["cause"] for letter in dead}
    assert {"2", "3", "6", "7", "10"} <= set(causes), causes
    searchable = {post["uid"].rsplit(":", 1)[1] for post in empty.rows("search", "*")}
    assert {"first", "last", "empty", "rtl", "nul", "surrogate", "far"} <= searchable
    assert len(searchable) == outcome["published"] - 1, "the duplicate is one post"


def test_a_second_replay_changes_no_count(empty: Tocsin, tmp_path: Path) -> None:
    lines = [row(id=str(number)) for number in range(30)]
    replay(empty, tmp_path, *lines)
    before = empty.rows("count", "*"), empty.rows("alerts", "list", "--all")
    assert before[0] == [{"count": 30}]
    replay(empty, tmp_path, *lines)
    assert (empty.rows("count", "*"), empty.rows("alerts", "list", "--all")) == before


def test_a_dead_letter_gives_its_bytes_back(empty: Tocsin, tmp_path: Path) -> None:
    broken = b'{"id": "half", "text": "cut o'
    replay(empty, tmp_path, row(), broken)
    name = empty.rows("dead", "list")[0]["name"]
    assert empty.run("dead", "show", name, "--raw").stdout == broken
    assert "cannot be retried" in empty.fails("dead", "retry", name)


def test_a_wrong_header_names_the_columns(empty: Tocsin, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("number,body,when\n1,hello,2026-03-01T20:00:00Z\n")
    said = empty.fails("replay", str(file))
    assert "number" in said
    assert "--map" in said
    mapped = ("--map", "id=number", "--map", "text=body", "--map", "created_at=when")
    assert empty.rows("replay", str(file), *mapped, "--wait")[0]["published"] == 1


def test_a_second_pipeline_on_the_same_state_is_refused(empty: Tocsin) -> None:
    command = [sys.executable, "-m", "cli.main", "up"]
    with subprocess.Popen(command, env=empty.environment, stdout=subprocess.DEVNULL) as first:
        try:
            deadline = time.monotonic() + 120
            while empty.run("status").stdout.count(b"down") and time.monotonic() < deadline:
                time.sleep(0.2)
            said = empty.fails("up")
        finally:
            first.send_signal(signal.SIGINT)
    assert "is in use" in said
    assert str(first.pid) in said


def test_an_unknown_command_or_option_is_wrong_usage(empty: Tocsin) -> None:
    empty.fails("serach", "fire", status=2)
    empty.fails("search", "fire", "--limt", "3", status=2)
    empty.fails("replay", "nowhere.jsonl", "--speed", "fast", status=2)


def test_a_missing_file_is_named(empty: Tocsin) -> None:
    assert "nowhere.jsonl" in empty.fails("replay", "nowhere.jsonl")


def test_a_reader_that_has_seen_enough_gets_no_complaint(empty: Tocsin, tmp_path: Path) -> None:
    replay(empty, tmp_path, *(row(id=str(number)) for number in range(3_000)))
    read, write = os.pipe()
    command = [sys.executable, "-m", "cli.main", "search", "*", "--limit", "3000", "--json"]
    with subprocess.Popen(
        command, env=empty.environment, stdout=write, stderr=subprocess.PIPE
    ) as search:
        os.close(write)
        assert os.read(read, 10)
        os.close(read)
        assert search.stderr is not None
        assert search.stderr.read() == b""
