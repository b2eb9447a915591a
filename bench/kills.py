"""Kills random worker processes while posts pour in, and compares with a quiet run.

The oracle: what was handed out equals what is searchable plus what was declared dead,
and the incidents are the same ones, with the same posts.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import msgspec

from bench.chain import INGEST, TOCSIN, count, pipeline
from bus.metrics import read_reports

FRESH_MICROSECONDS = 3_000_000


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run left behind. ``incidents`` holds rule, group, first and last event time
    and number of posts of each incident, sorted; ``killed`` names the stages hit."""

    published: int
    searchable: int
    dead: int
    incidents: list[tuple[str, ...]]
    killed: list[str]
    seconds: float


def run(state: Path, posts: Path, *, kills: int, seed: int = 1, speed: str = "max") -> Outcome:
    """Replay the file into an empty state, killing ``kills`` workers on the way."""
    draw = random.Random(seed)
    killed: list[str] = []
    started = time.monotonic()
    with pipeline(state) as environment:
        command = [*TOCSIN, "replay", str(posts), "--speed", speed, "--wait", "--json"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as replay:
            while replay.poll() is None:
                time.sleep(draw.uniform(0.1, 0.8))
                if len(killed) < kills and (stage := _kill_one(state, draw)):
                    killed.append(stage)
            assert replay.stdout is not None
            said = replay.stdout.read()
        if replay.returncode:
            raise RuntimeError(f"the replay ended with status {replay.returncode}")
        outcome = json.loads(said)
        return Outcome(
            published=outcome["published"],
            searchable=count(environment),
            dead=len(_lines(environment, "dead", "list")),
            incidents=_incidents(environment),
            killed=killed,
            seconds=time.monotonic() - started,
        )


def _kill_one(state: Path, draw: random.Random) -> str | None:
    """SIGKILL a worker that reported lately; its stage, or None if none is up.

    The replay is spared: it is no worker but the one who hands out, and counts.
    """
    now = time.time_ns() // 1_000
    alive = [
        report
        for report in read_reports(state / "run")
        if now - report.updated_at < FRESH_MICROSECONDS and report.stage != INGEST
    ]
    if not alive:
        return None
    victim = draw.choice(alive)
    try:
        os.kill(victim.pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return victim.stage


def _incidents(environment: dict[str, str]) -> list[tuple[str, ...]]:
    rows = _lines(environment, "alerts", "list", "--all")
    fields = ("id", "rule_id", "group", "first_at", "last_at", "posts", "place")
    return sorted(tuple(str(row[field]) for field in fields) for row in rows)


def _lines(environment: dict[str, str], *arguments: str) -> list[dict[str, object]]:
    answer = subprocess.run(
        [*TOCSIN, *arguments, "--json"], env=environment, check=True, capture_output=True
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]
