"""How long a post takes from collected to incident, at a steady rate."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, text

from bench.chain import TOCSIN, pipeline
from bench.corpus import posts as compose

WARM_UP = 0.1
"""The first tenth is left out: processes are still filling their caches."""

ALARMS = ("Lad with a knife outside the Spar, {}", "Bins on fire behind the flats, {}")
SHARE = 0.1


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from collected to incident, over ``matches`` matches."""

    rate: int
    matches: int
    p50_ms: float
    p99_ms: float


def measure(folder: Path, source: Path, *, rate: int, seconds: int) -> Latency:
    """Replay ``rate`` posts a second for so many seconds; one in ten raises something."""
    file = folder / "steady.jsonl"
    _write(file, source, rate * seconds, rate)
    state = folder / "state"
    with pipeline(state) as environment:
        command = [*TOCSIN, "replay", str(file), "--speed", "1", "--shift-to-now", "--wait"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    waits = _waits(state / "store.db")
    waits = sorted(waits[int(len(waits) * WARM_UP) :])
    return Latency(
        rate=rate,
        matches=len(waits),
        p50_ms=statistics.median(waits),
        p99_ms=waits[min(len(waits) - 1, int(len(waits) * 0.99))],
    )


def _write(file: Path, source: Path, number: int, rate: int) -> None:
    """Rows whose times are spread evenly, ``rate`` to the second."""
    draw = random.Random(7)
    with file.open("w", encoding="utf-8") as out:
        for at, row in enumerate(compose(source, number, 100)):
            if draw.random() < SHARE:
                row["text"] = draw.choice(ALARMS).format(row["text"][:40])
            whole, part = divmod(at, rate)
            minute, second = divmod(whole, 60)
            row["created_at"] = (
                f"2026-01-01T12:{minute:02}:{second:02}.{part * 1_000_000 // rate:06}Z"
            )
            out.write(json.dumps(row) + "\n")


def _waits(store: Path) -> list[float]:
    engine = create_engine(f"sqlite:///{store}")
    query = "SELECT recorded_at - collected_at FROM contributions ORDER BY recorded_at"
    with engine.connect() as connection:
        rows = connection.execute(text(query)).scalars().all()
    engine.dispose()
    return [microseconds / 1_000 for microseconds in rows]
