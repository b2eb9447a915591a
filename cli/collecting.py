"""Runs sources: those of the sources file, or the files of a replay."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

import structlog

from bus.metrics import StageReport
from cli.wiring import Wiring
from desk.health import CONSUMERS
from ingest.download import Downloader
from ingest.hygiene import Limits
from ingest.publish import STAGE, Counts
from ingest.runner import Runner, RunnerPolicy
from ingest.sources import build_source, declare

_LOG = structlog.get_logger(__name__)
REPORT_SECONDS = 1.0
BACKLOG_SECONDS = 0.1


def limits(wiring: Wiring) -> Limits:
    """How large an item may be."""
    return Limits(item_bytes=wiring.settings.ingest.max_item_bytes)


def build_runner(wiring: Wiring, show: Callable[[Counts], None] | None = None) -> Runner:
    """A runner on the log and the record of this state, that reports, and tells
    ``show`` after every step."""
    report = _Reporter(wiring)

    def progress(counts: Counts) -> None:
        report(counts)
        if show is not None:
            show(counts)

    return Runner(
        wiring.log,
        wiring.store.cursors,
        wiring.store.coverage,
        wiring.clock,
        policy=RunnerPolicy(backlog_records=wiring.settings.ingest.backlog_records),
        backlog=_Backlog(wiring),
        progress=progress,
    )


def collect(wiring: Wiring, stop: Callable[[], bool]) -> None:
    """Run every authorised source of the sources file until asked to stop."""
    found = wiring.sources()
    declare(found.problems, wiring.store.coverage, wiring.clock.now())
    for problem in found.problems:
        _LOG.warning("source does not run", problem=str(problem))
    runner = build_runner(wiring)
    with contextlib.closing(Downloader()) as downloader:
        for entry in found.entries:
            source = build_source(entry, downloader, limits=limits(wiring))
            runner.add(source, authorised_until=entry.authorised_until)
        if found.entries:
            wiring.state.demo_mark.unlink(missing_ok=True)
        for stopped in runner.run(stop).stopped:
            _LOG.error("source stopped", source=stopped.source, cause=str(stopped.error))


class _Backlog:
    """How many records the slowest stage is behind. Asked before each batch, which must not
    wait for a server each time, so an answer serves for a moment."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._known = 0
        self._until = 0.0

    def __call__(self) -> int:
        now = self._wiring.clock.monotonic()
        if now >= self._until:
            log = self._wiring.log
            self._known = max(log.lag(group, topic) for group, topic in CONSUMERS)
            self._until = now + BACKLOG_SECONDS
        return self._known


class _Reporter:
    """Leaves the counts of this process where the board finds them, once a second."""

    def __init__(self, wiring: Wiring) -> None:
        self._report = wiring.report
        self._clock = wiring.clock
        self._started_at = wiring.clock.now()
        self._next = 0.0

    def __call__(self, counts: Counts) -> None:
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + REPORT_SECONDS
        report = StageReport(
            stage=STAGE,
            pid=os.getpid(),
            started_at=self._started_at,
            updated_at=self._clock.now(),
            records=counts.published,
            dead=counts.dead,
            cpu_seconds=time.process_time(),
        )
        self._report(report)
