"""Runs sources: those of the sources file, or the files of a replay."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import structlog

from bus.metrics import StageReport, write_report
from cli.wiring import Wiring
from desk.health import CONSUMERS
from ingest.background import Background, Crew
from ingest.download import Downloader
from ingest.hygiene import Limits
from ingest.means import Means
from ingest.port import Source
from ingest.publish import STAGE, Counts
from ingest.runner import GLANCE_SECONDS, Runner, RunnerPolicy
from ingest.source_entry import FEEDS, SourceEntry
from ingest.sources import SourcesFile, build_source, declare
from model.errors import ConfigurationError

_LOG = structlog.get_logger(__name__)
REPORT_SECONDS = 1.0


def limits(wiring: Wiring) -> Limits:
    """How large an item may be."""
    return Limits(item_bytes=wiring.settings.ingest.max_item_bytes)


def build_runner(wiring: Wiring, show: Callable[[Counts], None] | None = None) -> Runner:
    """A runner on the log and the record of this state, that reports to its folder, and to
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
        backlog=lambda: max(wiring.log.lag(group, topic) for group, topic in CONSUMERS),
        progress=progress,
    )


def collect(wiring: Wiring, stop: Callable[[], bool]) -> None:
    """Run every authorised source of the sources file until asked to stop."""
    found = wiring.sources()
    declare(found.problems, wiring.store.coverage, wiring.clock.now())
    for problem in found.problems:
        _LOG.warning("source does not run", problem=str(problem))
    runner = build_runner(wiring)
    with contextlib.closing(Downloader()) as downloader, contextlib.closing(Crews()) as crews:
        for source, entry in _built(wiring, found, means(wiring, downloader)):
            crew = crews.for_platform(entry.platform)
            runner.add(Background(source, crew), authorised_until=entry.authorised_until)
        if found.entries:
            wiring.state.demo_mark.unlink(missing_ok=True)
        for stopped in runner.run(stop).stopped:
            _LOG.error("source stopped", source=stopped.source, cause=str(stopped.error))
    while not stop():  # a process that ends would be started again, and end again
        wiring.clock.sleep(GLANCE_SECONDS)


def means(wiring: Wiring, downloader: Downloader) -> Means:
    """What sources are built with."""
    secrets = wiring.settings.ingest.credentials
    return Means(
        downloader=downloader,
        credentials={name: secret.get_secret_value() for name, secret in secrets.items()},
        limits=limits(wiring),
    )


def _built(
    wiring: Wiring, found: SourcesFile, means: Means
) -> Iterator[tuple[Source, SourceEntry]]:
    """One source that cannot be built silences no other, and coverage says that it is blind."""
    for entry in found.entries:
        try:
            yield build_source(entry, means), entry
        except ConfigurationError as error:
            _LOG.error("source does not run", source=entry.source, cause=str(error))
            now = wiring.clock.now()
            wiring.store.coverage.record(entry.source, "blind", now, str(error), 0)


class Crews:
    """Threads for the sources: one for each that streams, a few for all that are asked."""

    ASKING = 8

    def __init__(self) -> None:
        self._crews: list[Crew] = []
        self._asking: Crew | None = None

    def for_platform(self, platform: str) -> Crew:
        """The crew of a source of this platform."""
        if platform != FEEDS:
            return self._new(1)
        if self._asking is None:
            self._asking = self._new(self.ASKING)
        return self._asking

    def close(self) -> None:
        """Send all threads home."""
        for crew in self._crews:
            crew.close()

    def _new(self, size: int) -> Crew:
        crew = Crew(size)
        self._crews.append(crew)
        return crew


class _Reporter:
    """Leaves the counts of this process where the board finds them, once a second."""

    def __init__(self, wiring: Wiring) -> None:
        self._folder = wiring.state.reports
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
        write_report(self._folder, report)
