"""Runs sources: those of the sources file, or the files of a replay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import structlog

from bus.meter import Meter
from bus.worker import REPORT_SECONDS
from cli.observing import Observation
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
from model.clock import Clock
from model.errors import ConfigurationError

_LOG = structlog.get_logger(__name__)
BACKLOG_SECONDS = 0.1


def limits(wiring: Wiring) -> Limits:
    """How large an item may be."""
    return Limits(item_bytes=wiring.settings.ingest.max_item_bytes)


def build_runner(
    wiring: Wiring, observation: Observation, show: Callable[[Counts], None] | None = None
) -> Runner:
    """A runner on the log and the record of this state, that reports to its watchers, and
    to ``show`` after every step."""
    meter = Meter(STAGE, wiring.clock)
    return Runner(
        wiring.log,
        wiring.store.cursors,
        wiring.store.coverage,
        wiring.clock,
        policy=RunnerPolicy(backlog_records=wiring.settings.ingest.backlog_records),
        backlog=_Backlog(wiring),
        progress=show,
        glance=_Reporter(meter, wiring.clock, observation),
        meter=meter,
        tracer=observation.tracer,
    )


def collect(wiring: Wiring, observation: Observation, stop: Callable[[], bool]) -> None:
    """Run every authorised source of the sources file until asked to stop.

    Where none is left to run it waits, so that whoever keeps processes alive does not
    start it again and again.
    """
    found = wiring.sources()
    declare(found.problems, wiring.store.coverage, wiring.clock.now())
    for problem in found.problems:
        _LOG.warning("source does not run", problem=str(problem))
    runner = build_runner(wiring, observation)
    with contextlib.closing(Downloader()) as downloader, contextlib.closing(Crews()) as crews:
        for source, entry in _built(wiring, found, means(wiring, downloader)):
            crew = crews.for_platform(entry.platform)
            runner.add(Background(source, crew), authorised_until=entry.authorised_until)
        if found.entries:
            wiring.state.demo_mark.unlink(missing_ok=True)
        for stopped in runner.run(stop).stopped:
            _LOG.error("source stopped", source=stopped.source, cause=str(stopped.error))
    if not stop():
        _LOG.warning("no source is left to collect from")
    report = _Reporter(Meter(STAGE, wiring.clock), wiring.clock, observation)
    while not stop():  # a process that ends would be started again, and end again
        report()
        wiring.clock.sleep(GLANCE_SECONDS)


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
    """Hands on what the meter says, once a second."""

    def __init__(self, meter: Meter, clock: Clock, observation: Observation) -> None:
        self._meter = meter
        self._clock = clock
        self._observation = observation
        self._next = 0.0

    def __call__(self) -> None:
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + REPORT_SECONDS
            self._observation.report(self._meter.report(0))
