"""Runs sources: those of the sources file, or the files of a replay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from bus.meter import Meter
from bus.worker import REPORT_SECONDS
from cli.observing import Observation
from cli.wiring import Wiring
from desk.health import CONSUMERS
from ingest.download import Downloader
from ingest.hygiene import Limits
from ingest.publish import STAGE, Counts
from ingest.runner import Runner, RunnerPolicy
from ingest.sources import build_source, declare
from model.clock import Clock

_LOG = structlog.get_logger(__name__)
IDLE_SECONDS = 0.2
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
    with contextlib.closing(Downloader()) as downloader:
        for entry in found.entries:
            source = build_source(entry, downloader, limits=limits(wiring))
            runner.add(source, authorised_until=entry.authorised_until)
        if found.entries:
            wiring.state.demo_mark.unlink(missing_ok=True)
        for stopped in runner.run(stop).stopped:
            _LOG.error("source stopped", source=stopped.source, cause=str(stopped.error))
    if not stop():
        _LOG.warning("no source is left to collect from")
    report = _Reporter(Meter(STAGE, wiring.clock), wiring.clock, observation)
    while not stop():
        report()
        wiring.clock.sleep(IDLE_SECONDS)


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
