"""Runs workers in movable time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from bus.embedded import EmbeddedLog
from bus.metrics import StageReport
from bus.port import Record
from bus.stage import Result
from bus.worker import Worker, WorkerSettings
from model.clock import MovableClock
from model.dead import DEAD_LETTER, DeadLetter
from model.topics import POSTS_DEAD, POSTS_RAW
from tests.bus.logs import read_all
from tests.bus.stages import Journalling, copy

LIMIT = 10_000
"""Largest record of the log that the tests of the worker use."""

LONG = 3_600.0
"""Seconds of movable time after which a test has failed."""


class Runner:
    """Runs workers in movable time, until a condition holds."""

    def __init__(self, log: EmbeddedLog, clock: MovableClock) -> None:
        self._log = log
        self._clock = clock
        self.reports: list[StageReport] = []

    def __call__(
        self,
        stage: Journalling,
        until: Callable[[], bool],
        settings: WorkerSettings | None = None,
        seed: int = 1,
    ) -> None:
        worker = Worker(
            stage,
            self._log,
            self._clock,
            settings=settings,
            observer=self.reports.append,
            random=Random(seed),
        )
        end = self._clock.monotonic() + LONG

        def stop() -> bool:
            assert self._clock.monotonic() < end, "the condition never came true"
            return until()

        worker.run(stop)

    def until_read(self, stage: Journalling, settings: WorkerSettings | None = None) -> None:
        """Run until the stage has committed everything."""
        self(stage, lambda: self._log.lag(stage.name, POSTS_RAW.name) == 0, settings)


def dead(log: EmbeddedLog) -> list[DeadLetter]:
    return [DEAD_LETTER.decode(record.value) for record in read_all(log, POSTS_DEAD)]


def poisoned_by(*poison: int) -> Callable[[Sequence[Record]], Result]:
    """Copies, and breaks on any batch with one of these numbers."""

    def process(batch: Sequence[Record]) -> Result:
        for record in batch:
            if int(record.value) in poison:
                raise ZeroDivisionError(f"cannot digest {int(record.value)}")
        return copy(batch)

    return process
