"""The runner: drives any number of sources with one thread.

Each source has a lane; the lane that has been due for longest goes first, so none
starves. Live collectors are never held back, because what a platform sends now may not
be there later: the log on disk is their buffer. A source that can wait is held back
while the stages behind the log are too far behind.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from random import Random, SystemRandom

import msgspec

from bus.meter import Meter
from bus.observer import Tracer
from bus.port import Log
from ingest.lane import Lane, LanePolicy
from ingest.port import CoverageLedger, CursorStore, Source
from ingest.publish import Counts, Publisher
from ingest.sightings import Sightings, SightPolicy
from model.clock import Clock
from model.errors import TocsinError, TransientError

GLANCE_SECONDS = 0.2
"""How long a wait goes on before the runner looks again whether to stop."""


class RunnerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How lanes and coverage behave, and how far a source that can wait may run ahead of
    the slowest stage, in records; it is looked at again after ``backlog_seconds``."""

    lane: LanePolicy = LanePolicy()
    sight: SightPolicy = SightPolicy()
    backlog_records: int = 20_000
    backlog_seconds: float = 0.05


class Stopped(msgspec.Struct, frozen=True):
    """A source that ended because a person must act."""

    source: str
    error: TocsinError


class Report(msgspec.Struct, frozen=True):
    """What a run brought: counts over all sources, and the sources that gave up."""

    counts: Counts
    stopped: tuple[Stopped, ...] = ()


class Runner:
    """Runs sources until all have ended or it is asked to stop. Belongs to one thread.

    ``backlog`` says how many records the slowest stage is behind; ``progress`` is called
    with the counts so far after every step, and ``glance`` several times a second, also
    while nothing is due. ``meter`` and ``tracer`` are told of every batch.
    """

    def __init__(
        self,
        log: Log,
        cursors: CursorStore,
        coverage: CoverageLedger,
        clock: Clock,
        *,
        policy: RunnerPolicy | None = None,
        backlog: Callable[[], int] | None = None,
        progress: Callable[[Counts], None] | None = None,
        glance: Callable[[], None] | None = None,
        meter: Meter | None = None,
        tracer: Tracer | None = None,
        random: Random | None = None,
    ) -> None:
        self._publisher = Publisher(log, clock, meter=meter, tracer=tracer)
        self._cursors = cursors
        self._coverage = coverage
        self._clock = clock
        self._policy = policy or RunnerPolicy()
        self._backlog = backlog
        self._progress = progress
        self._glance = glance
        self._random = random or SystemRandom()
        self._lanes: list[Lane] = []
        self._queue: list[tuple[float, int, Lane]] = []
        self._turns = itertools.count()
        self._patient: set[Lane] = set()
        self._next_beat = 0.0

    def add(
        self, source: Source, *, patient: bool = False, authorised_until: int | None = None
    ) -> None:
        """Take a source in; it is due at once. Its name must be its own.

        ``patient`` says that it can wait for the stages behind the log, as a file can.
        At ``authorised_until`` (UTC microseconds) it ends, since its authority does.
        """
        lane = Lane(
            source,
            self._publisher,
            self._cursors,
            Sightings(source.name, self._coverage, self._policy.sight),
            self._clock,
            policy=self._policy.lane,
            random=self._random,
            authorised_until=authorised_until,
        )
        self._lanes.append(lane)
        if patient:
            self._patient.add(lane)
        self._schedule(lane, 0.0)

    def run(self, stop: Callable[[], bool]) -> Report:
        """Collect. ``stop`` is looked at several times a second.

        The sources are closed in any case.
        """
        try:
            while self._queue and not stop():
                self._turn()
        finally:
            for _, _, lane in self._queue:
                lane.stop()
            self._queue.clear()
        return self._report()

    def _turn(self) -> None:
        self._beat()
        due, _, lane = self._queue[0]
        if (wait := due - self._clock.monotonic()) > 0:
            self._clock.sleep(min(wait, GLANCE_SECONDS))
            return
        pause = self._policy.backlog_seconds if self._held_back(lane) else lane.step()
        heapq.heappop(self._queue)
        if pause is not None:
            self._schedule(lane, pause)
        if self._progress is not None:
            self._progress(self._counts())

    def _held_back(self, lane: Lane) -> bool:
        if self._backlog is None or lane not in self._patient:
            return False
        try:
            return self._backlog() >= self._policy.backlog_records
        except TransientError:
            return True

    def _schedule(self, lane: Lane, pause: float) -> None:
        heapq.heappush(self._queue, (self._clock.monotonic() + pause, next(self._turns), lane))

    def _beat(self) -> None:
        if (moment := self._clock.monotonic()) >= self._next_beat:
            self._next_beat = moment + GLANCE_SECONDS
            if self._glance is not None:
                self._glance()
            for _, _, lane in self._queue:
                lane.sightings.beat(self._clock.now())

    def _counts(self) -> Counts:
        return sum((lane.counts for lane in self._lanes), start=Counts())

    def _report(self) -> Report:
        stopped = tuple(
            Stopped(lane.name, lane.error) for lane in self._lanes if lane.error is not None
        )
        return Report(self._counts(), stopped)
