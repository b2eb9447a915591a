"""The one loop that runs every stage: polls, batches, retries, commits, dead-letters.

A turn of the loop: poll a batch, let the stage process it, publish what comes out
together with the dead letters, ask the stage to settle, and commit the positions once
it has. Whatever dies between two lines, the records come again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from random import Random, SystemRandom

import msgspec

from bus.batches import Batches, NoInput
from bus.isolation import isolate
from bus.memory import collecting_by_hand
from bus.meter import Meter
from bus.metrics import StageReport
from bus.observer import BatchSeen, Tracer
from bus.outbox import Outbox
from bus.port import Consumer, Log, Record
from bus.progress import Progress
from bus.retry import Backoff, Retry, Stopped
from bus.stage import Result, Stage
from model.clock import Clock
from model.errors import TransientError

REPORT_SECONDS = 1.0
POLL_SECONDS = 0.2
POLL_SECONDS_UNSETTLED = 0.05


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the loop batches and waits.

    A batch has at most ``max_records``; a smaller one waits ``linger_seconds`` for
    company. The stage gets an empty batch every ``tick_seconds``. It must settle after
    ``max_unsettled`` records or ``max_unsettled_seconds``, and while it cannot, nothing
    more is polled. The wait after a failure is random, up to a limit that doubles from
    the floor to the ceiling.
    """

    max_records: int = 500
    linger_seconds: float = 0.03
    tick_seconds: float = 1.0
    max_unsettled: int = 20_000
    max_unsettled_seconds: float = 5.0
    retry_floor_seconds: float = 0.1
    retry_ceiling_seconds: float = 30.0


class Worker:
    """Runs one stage in one process. ``observer`` gets a report about once a second, and
    a last one at the end; ``tracer`` each batch."""

    def __init__(
        self,
        stage: Stage,
        log: Log,
        clock: Clock,
        *,
        settings: WorkerSettings | None = None,
        observer: Callable[[StageReport], None] | None = None,
        tracer: Tracer | None = None,
        random: Random | None = None,
    ) -> None:
        self._stage = stage
        self._log = log
        self._clock = clock
        self._settings = settings or WorkerSettings()
        self._observer = observer
        self._tracer = tracer
        self._random = random or SystemRandom()
        self._stop: Callable[[], bool] = bool
        self._meter = Meter(stage.name, clock)
        self._retry = Retry(
            self._backoff,
            clock,
            stop=self._stopping,
            failed=self._meter.retry,
            waiting=self._report_when_due,
        )
        self._outbox = Outbox(stage.name, log, clock, self._meter, self._retry)
        self._progress = Progress(
            clock,
            max_records=self._settings.max_unsettled,
            max_seconds=self._settings.max_unsettled_seconds,
        )
        self._paused = False
        self._tick_at = clock.monotonic()
        self._report_at = clock.monotonic()

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until ``stop`` says so; then finish the batch, settle, commit and close.

        Call it once. The stage is closed in any case. Raises StateError and
        ConfigurationError where the stage or the log needs a person; damage to one
        partition of the input is only reported, and the others flow on.
        """
        self._stop = stop
        with contextlib.ExitStack() as closing:
            closing.callback(self._report)
            collect = closing.enter_context(collecting_by_hand(self._clock))
            closing.callback(self._stage.close)
            try:
                consumer = self._retry(self._join)
            except Stopped:
                return
            closing.callback(consumer.close)
            batches = self._batches(consumer)
            with contextlib.suppress(Stopped):
                while not stop():
                    self._turn(consumer, batches)
                    self._report_when_due()
                    collect()
            self._finish(consumer)

    def _stopping(self) -> bool:
        return self._stop()

    def _join(self) -> Consumer:
        if not self._stage.inputs:
            return NoInput(self._clock)
        return self._log.consumer(self._stage.name, self._stage.inputs)

    def _batches(self, consumer: Consumer) -> Batches:
        return Batches(
            consumer,
            self._clock,
            self._meter,
            self._backoff(),
            max_records=self._settings.max_records,
            linger_seconds=self._settings.linger_seconds,
        )

    def _backoff(self) -> Backoff:
        settings = self._settings
        return Backoff(settings.retry_floor_seconds, settings.retry_ceiling_seconds, self._random)

    def _turn(self, consumer: Consumer, batches: Batches) -> None:
        longest = POLL_SECONDS_UNSETTLED if self._progress.unsettled else POLL_SECONDS
        batch = batches.next(min(longest, self._settings.tick_seconds))
        started = self._clock.monotonic()
        tick = started >= self._tick_at
        if batch:
            self._process(batch)
        if tick:
            self._tick_at = started + self._settings.tick_seconds
            self._outbox.send(isolate(self._attempt, ()))
        if tick or self._progress.unsettled:
            self._settle(consumer)
        self._meter.busy(self._clock.monotonic() - started)

    def _process(self, batch: Sequence[Record]) -> None:
        began_at, started = self._clock.now(), self._clock.monotonic()
        self._meter.polled(batch)
        outcome = isolate(self._attempt, batch)
        self._outbox.send(outcome)
        self._progress.processed(batch)
        self._meter.batch(batch, len(outcome.outputs), self._clock.monotonic() - started)
        if self._tracer is not None:
            ended_at = max(began_at, self._clock.now())
            failed = len(outcome.failures)
            self._tracer.batch(BatchSeen(self._stage.name, batch, failed, began_at, ended_at))

    def _attempt(self, batch: Sequence[Record]) -> Result:
        return self._retry(lambda: self._stage.process(batch))

    def _settle(self, consumer: Consumer) -> None:
        """Commit what is settled; hold the input back when too much is not."""
        force = self._progress.overdue
        settled = self._retry(lambda: self._stage.settle(force=force))
        if settled and self._progress.unsettled:
            self._retry(lambda: consumer.commit(self._progress.positions))
            self._committed()
        if self._progress.full != self._paused:
            self._paused = self._progress.full
            (consumer.pause if self._paused else consumer.resume)()

    def _finish(self, consumer: Consumer) -> None:
        """The last settle. What fails now is repeated by whoever comes next."""
        try:
            if self._stage.settle(force=True) and self._progress.unsettled:
                consumer.commit(self._progress.positions)
                self._committed()
        except TransientError as error:
            self._meter.error(error)

    def _committed(self) -> None:
        self._progress.committed()
        self._meter.committed()

    def _report_when_due(self) -> None:
        if self._clock.monotonic() >= self._report_at:
            self._report()

    def _report(self) -> None:
        self._report_at = self._clock.monotonic() + REPORT_SECONDS
        if self._observer is not None:
            self._observer(self._meter.report(self._progress.unsettled))
