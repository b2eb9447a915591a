"""Live collection end to end: platforms that are scripted, everything else real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bus.metrics import read_reports
from config.settings import SHIPPED
from tests.pipelines import Tocsin
from tests.platforms.jetstream import Jetstream
from tests.platforms.mastodon import Mastodon

PATIENCE = 180.0
SOURCES = """
sources:
  - name: town
    platform: bluesky
    terms: [fire]
    url: {bluesky}
    authority: TEST-1
    owner: tester
    expires: 2099-12-31
  - name: town
    platform: mastodon
    url: {mastodon}
    timeline: local
    authority: TEST-1
    owner: tester
    expires: 2099-12-31
"""


@pytest.fixture
def bluesky() -> Iterator[Jetstream]:
    with Jetstream(start_us=time.time_ns() // 1_000) as server:
        yield server


@pytest.fixture
def mastodon() -> Iterator[Mastodon]:
    with Mastodon() as server:
        server.now_ms = time.time_ns() // 1_000_000
        yield server


def until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def ingest_pid(tocsin: Tocsin, other_than: int = 0) -> int:
    """The collector's process, once it has reported."""
    found: list[int] = []

    def reported() -> bool:
        reports = read_reports(tocsin.state / "run")
        found[:] = [r.pid for r in reports if r.stage == "ingest" and r.pid != other_than]
        return bool(found)

    until(reported, "the collector never reported")
    return found[0]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_collector_misses_nothing(
    tmp_path: Path, bluesky: Jetstream, mastodon: Mastodon
) -> None:
    config = tmp_path / "config"
    shutil.copytree(SHIPPED, config, ignore=shutil.ignore_patterns("demo", "__pycache__"))
    sources = SOURCES.format(bluesky=bluesky.url, mastodon=mastodon.url)
    (config / "sources.yaml").write_text(sources, encoding="utf-8")
    tocsin = Tocsin(tmp_path / "state", config)
    command = [sys.executable, "-m", "cli.main", "up"]
    with subprocess.Popen(
        command, env=tocsin.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: bool(bluesky.cursors) and mastodon.streams > 0, "never connected")
            _speak(bluesky, mastodon, "before", 30)
            until(lambda: _count(tocsin) >= 60, "the first posts never came")
            pid = ingest_pid(tocsin)
            os.kill(pid, signal.SIGKILL)
            _speak(bluesky, mastodon, "meanwhile", 30)
            ingest_pid(tocsin, other_than=pid)
            _speak(bluesky, mastodon, "after", 30)
            until(lambda: _count(tocsin) >= 180, f"only {_count(tocsin)} of 180 came")
            intervals = tocsin.rows("coverage")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
    assert _count(tocsin) == 180
    assert {row["source"] for row in intervals} == {"bluesky:town", "mastodon:town"}
    assert {row["state"] for row in intervals if row["until"] is None} == {"live"}
    assert "backfilled" in {row["state"] for row in intervals}


def _speak(bluesky: Jetstream, mastodon: Mastodon, when: str, number: int) -> None:
    for n in range(number):
        bluesky.now_us = time.time_ns() // 1_000
        bluesky.post("did:plc:a", f"fire {when} {n} here", after=0)
        bluesky.post("did:plc:b", f"calm {when} {n}", after=0)
        mastodon.now_ms = time.time_ns() // 1_000_000
        mastodon.post(f"{when} {n} in town", seconds=0)
        time.sleep(0.02)


def _count(tocsin: Tocsin) -> int:
    count = tocsin.rows("count", "*")[0]["count"]
    assert isinstance(count, int)
    return count
