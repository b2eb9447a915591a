"""The whole chain at full speed: raw lines in, searchable and matched out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.calibration import loop_seconds
from bus.metrics import StageReport, read_reports

TOCSIN = [sys.executable, "-m", "cli.main"]
START_SECONDS = 600.0
INGEST = "ingest"


class StageCost(msgspec.Struct, frozen=True):
    """CPU in microseconds per post and the peak memory of all processes of a stage."""

    cpu_us: float
    peak_mb: float


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One pass over the posts.

    ``seconds`` go from the first line read to the last post searchable and matched;
    ``loop_seconds`` is the calibration taken just before. The CPU of ingest holds the
    start of its process.
    """

    posts: int
    seconds: float
    posts_per_second: float
    cpu_us: float
    loop_seconds: float
    stages: dict[str, StageCost]

    @property
    def peak_mb(self) -> float:
        """Memory of all stages together, in megabytes."""
        return sum(cost.peak_mb for cost in self.stages.values())


@contextlib.contextmanager
def pipeline(state: Path) -> Iterator[dict[str, str]]:
    """A running pipeline on this state; yields the variables that name it."""
    environment = {**os.environ, "TOCSIN_STATE": str(state)}
    with (state.parent / "up.log").open("wb") as log:
        process = subprocess.Popen([*TOCSIN, "up"], env=environment, stdout=log, stderr=log)
    try:
        _await_reports(state)
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def measure(state: Path, environment: dict[str, str], posts: Path, name: str) -> Pass:
    """Replay the file as posts of the instance ``name`` and wait until all are through."""
    loop = loop_seconds()
    before = _cpu(state)
    children = os.times()
    done = subprocess.run(
        [*TOCSIN, "replay", str(posts), "--speed", "max", "--instance", name, "--wait", "--json"],
        env=environment,
        check=True,
        capture_output=True,
    )
    spent = os.times()
    outcome = json.loads(done.stdout)
    count, seconds = outcome["published"], outcome["seconds"]
    stages = {
        stage: StageCost((cpu - before.get(stage, 0.0)) / count * 1e6, _peak(state, stage))
        for stage, cpu in _settled_cpu(state).items()
        if stage != INGEST
    }
    ingest = spent.children_user + spent.children_system
    ingest -= children.children_user + children.children_system
    stages = {INGEST: StageCost(ingest / count * 1e6, outcome["peak_mb"]), **stages}
    return Pass(
        posts=count,
        seconds=seconds,
        posts_per_second=count / seconds,
        cpu_us=sum(cost.cpu_us for cost in stages.values()),
        loop_seconds=loop,
        stages=stages,
    )


def count(environment: dict[str, str]) -> int:
    """How many posts are searchable."""
    answer = subprocess.run(
        [*TOCSIN, "count", "*", "--json"], env=environment, check=True, capture_output=True
    )
    return int(json.loads(answer.stdout)["count"])


def _reports(state: Path) -> list[StageReport]:
    return read_reports(state / "run")


def _cpu(state: Path) -> dict[str, float]:
    spent: dict[str, float] = {}
    for report in _reports(state):
        spent[report.stage] = spent.get(report.stage, 0.0) + report.cpu_seconds
    return spent


def _settled_cpu(state: Path) -> dict[str, float]:
    """CPU once every stage has reported again: reports are written once a second."""
    time.sleep(2.5)
    return _cpu(state)


def _peak(state: Path, stage: str) -> float:
    return sum(r.rss_bytes for r in _reports(state) if r.stage == stage) / 1e6


def _await_reports(state: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    wanted = {"enrich", "index", "match", "window", "deliver"}
    while {report.stage for report in _reports(state)} != wanted:
        if time.monotonic() > deadline:
            log = (state.parent / "up.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the pipeline did not start:\n{log}")
        time.sleep(0.2)
