"""What was read to its end does not turn blind afterwards."""

from __future__ import annotations

from pathlib import Path

from model.clock import DAY
from store.engine import open_store


def test_a_finished_replay_stays_backfilled(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.coverage.record("replay:evening", "backfilled", 1_000, "read to its end", 7)
    states = {interval.state for interval in store.coverage.intervals(0, 9 * DAY)}
    store.close()
    assert states == {"backfilled"}
