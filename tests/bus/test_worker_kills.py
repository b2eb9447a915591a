"""Real workers, killed at random moments: published = processed + dead, whatever happens."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random

import pytest

from bus.embedded import EmbeddedLog
from bus.port import Outgoing, Record
from bus.stage import Result
from bus.worker import Worker, WorkerSettings
from model.clock import SystemClock
from model.dead import DEAD_LETTER
from model.topics import POSTS_DEAD, POSTS_ENRICHED, POSTS_RAW, TOPICS
from tests.bus.logs import create, fill, read_all
from tests.bus.stages import Journalling
from tests.contracts.log_processes import until

RECORDS = 6_000
KILLS = 8
POISON = 97
_SPAWN = multiprocessing.get_context("spawn")


def enrich(batch: Sequence[Record]) -> Result:
    """Adds a part to each record, and breaks on a poisoned one."""
    time.sleep(0.002)  # so that a kill finds it at work
    if any(int(record.value) % POISON == 0 for record in batch):
        raise ValueError("poisoned")
    return Result([Outgoing(POSTS_ENRICHED.name, r.key, b"+" + r.value, r) for r in batch])


def work(folder: Path, stop: Event) -> None:
    """What each process runs. The stage settles at every other question."""
    asked = iter(range(10**9))
    stage = Journalling(enrich, name="enrich", settles=lambda force: force or next(asked) % 2 == 1)
    with closing(EmbeddedLog(folder)) as log:
        settings = WorkerSettings(max_records=50, linger_seconds=0.0)
        Worker(stage, log, SystemClock(), settings=settings).run(stop.is_set)


class Workers:
    """Two workers, of which one can be killed and replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = _SPAWN.Event()
        self._living = [self._start(), self._start()]

    def kill_one(self, random: Random) -> None:
        """SIGKILL to either, and start another in its place."""
        number = random.randrange(2)
        self._end(self._living[number])
        self._living[number] = self._start()

    def stop(self) -> None:
        """Ask both to finish."""
        self._stop.set()
        for process in self._living:
            process.join()
            assert process.exitcode == 0

    def close(self) -> None:
        """Leave none behind."""
        for process in self._living:
            self._end(process)

    def _start(self) -> BaseProcess:
        process = _SPAWN.Process(target=work, args=(self._folder, self._stop))
        process.start()
        return process

    def _end(self, process: BaseProcess) -> None:
        process.kill()
        process.join()
        process.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with closing(EmbeddedLog(tmp_path)) as log:
        create(log, *TOPICS, partitions=2)
    with closing(Workers(tmp_path)) as workers:
        yield workers


def wait_for_lag(log: EmbeddedLog, lag: int) -> None:
    until(lambda: log.lag("enrich", POSTS_RAW.name) <= lag, f"a lag of {lag}")


@pytest.mark.slow
def test_killed_workers_lose_nothing(workers: Workers, tmp_path: Path) -> None:
    random = Random(20)
    with closing(EmbeddedLog(tmp_path)) as log:
        for start in range(0, RECORDS, 500):
            fill(log, POSTS_RAW, range(start, start + 500))
        for kill in range(KILLS):
            left = RECORDS * (KILLS - kill) // (KILLS + 1) + random.randrange(300)
            wait_for_lag(log, left)
            workers.kill_one(random)
        wait_for_lag(log, 0)
        workers.stop()
        published = {(r.partition, r.offset): int(r.value) for r in read_all(log, POSTS_RAW)}
        enriched = {(r.partition, r.offset): r for r in read_all(log, POSTS_ENRICHED)}
        letters = [DEAD_LETTER.decode(r.value) for r in read_all(log, POSTS_DEAD)]
        dead = {(letter.partition or 0, letter.offset or 0) for letter in letters}
    assert len(published) == RECORDS
    assert enriched.keys() | dead == published.keys()
    assert not enriched.keys() & dead
    assert {published[where] for where in dead} == set(range(0, RECORDS, POISON))
