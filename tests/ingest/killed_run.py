"""A collector that kills its own process at a chosen moment.

python -m tests.ingest.killed_run FOLDER before-publish|after-publish|after-save COUNT
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bus.port import Outgoing
from ingest.lane import LanePolicy
from ingest.port import State
from ingest.replay import ReplaySource
from ingest.runner import Runner, RunnerPolicy
from model.clock import SystemClock
from tests.ingest.logs import UnsteadyLog, open_log
from tests.ingest.parts import Ledger

BATCH = 100


class FileCursors:
    """A cursor store of one file, replaced in one step."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cursors.json"

    def load(self, source: str) -> State:
        if not self._file.exists():
            return {}
        return msgspec.json.decode(
            self._file.read_bytes(), type=dict[str, str | int | float | None]
        )

    def save(self, source: str, state: State) -> None:
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(state))
        new.replace(self._file)


class Death:
    """Comes when a place has been passed so many times."""

    def __init__(self, where: str, count: int) -> None:
        self._where = where
        self._count = count

    def passing(self, where: str) -> None:
        if where == self._where:
            self._count -= 1
            if self._count == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalLog(UnsteadyLog):
    """A log whose caller may die before or after it has published."""

    death: Death

    def publish(self, records: Sequence[Outgoing]) -> None:
        self.death.passing("before-publish")
        super().publish(records)
        self.death.passing("after-publish")


class MortalCursors(FileCursors):
    """A cursor store whose caller may die after it has saved."""

    death: Death

    def save(self, source: str, state: State) -> None:
        super().save(source, state)
        self.death.passing("after-save")


def main(folder: Path, where: str, count: int) -> None:
    """Replay the file of the folder into its log."""
    log, cursors = MortalLog(open_log(folder / "log")), MortalCursors(folder)
    log.death = cursors.death = Death(where, count)
    policy = RunnerPolicy(lane=LanePolicy(batch_items=BATCH))
    runner = Runner(log, cursors, Ledger(), SystemClock(), policy=policy)
    runner.add(ReplaySource(folder / "evening.jsonl"))
    runner.run(bool)
    log.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
