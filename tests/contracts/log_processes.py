"""Producers and consumers as processes of their own, for the contract of the log."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from types import TracebackType
from typing import Self

from bus.port import Log, Outgoing, TopicPartition

_SPAWN = multiprocessing.get_context("spawn")
_KEYS = 10
_AT_ONCE = 20

PATIENCE = 120.0
"""Seconds after which something that must come is taken to be missing."""


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came true"
        time.sleep(0.005)


class Journal:
    """What one consumer has processed, written before it commits."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> list[tuple[str, int]]:
        """Key and number of each record, in the order in which they were processed."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        return [(key, int(number)) for key, number in (line.split(" ") for line in lines)]


class Crew:
    """Starts processes on one log, and sees that none outlives the test."""

    def __init__(self, open_log: Callable[[], Log], folder: Path) -> None:
        self._open_log = open_log
        self._folder = folder
        self._stop = _SPAWN.Event()
        self._consumers: list[BaseProcess] = []
        self._processes: list[BaseProcess] = []
        self._journals: list[Journal] = []

    def consume(self, group: str, topic: str) -> Journal:
        """Start a member of the group."""
        journal = Journal(self._folder / f"{len(self._journals)}.journal")
        arguments = (self._open_log, group, topic, journal.path, self._stop)
        process = _SPAWN.Process(target=_consume, args=arguments)
        process.start()
        self._journals.append(journal)
        self._consumers.append(process)
        self._processes.append(process)
        return journal

    def produce(self, topic: str, name: str, count: int) -> BaseProcess:
        """Start a process that publishes the numbers up to ``count`` under ten keys."""
        process = _SPAWN.Process(target=_produce, args=(self._open_log, topic, name, count))
        process.start()
        self._processes.append(process)
        return process

    def wait_for(self, entries: int) -> None:
        """Return once the journals have so many entries together."""
        until(lambda: self._recorded() >= entries, f"{entries} entries in the journals")

    def kill_oldest_consumer(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        process = self._consumers.pop(0)
        process.kill()
        process.join()

    def stop(self) -> None:
        """Let the consumers come to their end."""
        self._stop.set()
        for process in self._processes:
            process.join()

    def _recorded(self) -> int:
        return sum(len(journal.entries()) for journal in self._journals)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.join()
            process.close()


def _produce(open_log: Callable[[], Log], topic: str, name: str, count: int) -> None:
    log = open_log()
    for start in range(0, count, _AT_ONCE):
        log.publish(
            [
                Outgoing(topic, f"{name}-{number % _KEYS}", b"%d" % number)
                for number in range(start, min(start + _AT_ONCE, count))
            ]
        )
    log.close()


def _consume(
    open_log: Callable[[], Log], group: str, topic: str, journal: Path, stop: Event
) -> None:
    log = open_log()
    consumer = log.consumer(group, [topic])
    descriptor = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while not stop.is_set():
        records = consumer.poll(_AT_ONCE, 0.1)
        lines = "".join(f"{record.key} {int(record.value)}\n" for record in records)
        os.write(descriptor, lines.encode())
        consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
    os.close(descriptor)
    log.close()
