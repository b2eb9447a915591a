"""Kills random worker processes while posts pour in, and compares with a quiet run.

The oracle: what was handed out equals what is searchable plus what was declared dead,
and the incidents are the same ones, with the same posts.
"""

from __future__ import annotations

import contextlib
import gzip
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
UP_SECONDS = 60.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run left behind. ``incidents`` holds rule, group, first and last event time
    and number of posts of each incident, sorted; ``killed`` names the stages hit."""

    published: int
    searchable: int
    dead: int
    incidents: list[tuple[str, ...]]
    killed: list[str]
    seconds: float


def run(state: Path, posts: Path, *, kills: int, seed: int = 1) -> Outcome:
    """Replay the file into an empty state, killing exactly ``kills`` workers on the way.

    The posts are handed out in ``kills + 1`` parts at full speed, so that every kill meets
    work whatever the speed of the machine: one worker dies while a part, or what is left of
    the parts before it, goes through.
    """
    draw = random.Random(seed)
    killed: list[str] = []
    published = 0
    started = time.monotonic()
    with pipeline(state) as environment:
        *parts, last = _parts(posts, state.parent, kills + 1)
        for part in parts:
            with _replay(part, environment) as replay:
                time.sleep(draw.uniform(0.1, 0.8))
                killed.append(_kill_one(state, draw))
                published += _published(replay)
        with _replay(last, environment, "--wait") as replay:
            published += _published(replay)
        return Outcome(
            published=published,
            searchable=count(environment),
            dead=len(_lines(environment, "dead", "list")),
            incidents=_incidents(environment),
            killed=killed,
            seconds=time.monotonic() - started,
        )


def _parts(posts: Path, folder: Path, number: int) -> list[Path]:
    """The lines of a file, plain or gzipped, dealt into so many files in their order."""
    opened = gzip.open if posts.suffix == ".gz" else open
    with opened(posts, "rb") as file:
        lines = file.readlines()
    size = -(-len(lines) // number)
    parts = [folder / f"part-{n:03}.jsonl" for n in range(number)]
    for n, part in enumerate(parts):
        part.write_bytes(b"".join(lines[n * size : (n + 1) * size]))
    return parts


def _replay(posts: Path, environment: dict[str, str], *more: str) -> subprocess.Popen[bytes]:
    command = [*TOCSIN, "replay", str(posts), "--speed", "max", "--json", *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def _published(replay: subprocess.Popen[bytes]) -> int:
    said, _ = replay.communicate()
    if replay.returncode:
        raise RuntimeError(f"the replay ended with status {replay.returncode}")
    return int(json.loads(said)["published"])


def _kill_one(state: Path, draw: random.Random) -> str:
    """SIGKILL a worker that reported lately, waiting for one to be up; its stage.

    The replay is spared: it is no worker but the one who hands out, and counts.
    """
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        now = time.time_ns() // 1_000
        alive = [
            report
            for report in read_reports(state / "run")
            if now - report.updated_at < FRESH_MICROSECONDS and report.stage != INGEST
        ]
        if alive:
            victim = draw.choice(alive)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                return victim.stage
        time.sleep(0.05)
    raise RuntimeError(f"no worker reported within {UP_SECONDS:.0f} s; see up.log")


def _incidents(environment: dict[str, str]) -> list[tuple[str, ...]]:
    rows = _lines(environment, "alerts", "list", "--all")
    fields = ("id", "rule_id", "group", "first_at", "last_at", "posts", "place")
    return sorted(tuple(str(row[field]) for field in fields) for row in rows)


def _lines(environment: dict[str, str], *arguments: str) -> list[dict[str, object]]:
    answer = subprocess.run(
        [*TOCSIN, *arguments, "--json"], env=environment, check=True, capture_output=True
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]
