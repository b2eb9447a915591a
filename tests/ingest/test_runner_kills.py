"""A process that dies anywhere repeats a little and loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.replay import ReplaySource
from ingest.runner import Runner
from model.clock import SystemClock
from tests.ingest import killed_run
from tests.ingest.logs import letters, open_log, posts
from tests.ingest.parts import Ledger

LINES = 2_000
BAD_LINES = (300, 1_700)


def write_file(path: Path) -> None:
    lines = [
        "half a li" if n in BAD_LINES else json.dumps({"id": n, "text": f"text {n}"})
        for n in range(LINES)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def run_and_die(folder: Path, where: str, after: int) -> int:
    """Run the collector in a process of its own, which kills itself at the given place."""
    command = [sys.executable, "-m", killed_run.__name__, str(folder), where, str(after)]
    return subprocess.run(command, check=False, timeout=60).returncode


@pytest.mark.parametrize("where", ["before-publish", "after-publish", "after-save"])
def test_nothing_is_lost_wherever_the_process_is_killed(tmp_path: Path, where: str) -> None:
    write_file(tmp_path / "evening.jsonl")

    for after in (1, 2, 1):
        assert run_and_die(tmp_path, where, after) == -signal.SIGKILL
    log = open_log(tmp_path / "log")
    runner = Runner(log, killed_run.FileCursors(tmp_path), Ledger(), SystemClock())
    runner.add(ReplaySource(tmp_path / "evening.jsonl"))
    runner.run(bool)

    found = [int(post.uid.rpartition(":")[2]) for post in posts(log)]
    dead = [letter.origin.rpartition(":")[2] for letter in letters(log)]
    log.close()
    assert set(found) == set(range(LINES)) - set(BAD_LINES)
    assert set(dead) == {str(n + 1) for n in BAD_LINES}
    repeated = len(found) - len(set(found))
    assert repeated <= 3 * killed_run.BATCH, "each death repeats one batch at most"
    assert bool(repeated) is (where == "after-publish")
