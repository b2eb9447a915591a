"""Sends files through the log and, if asked, waits until the stages are done with them."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from rich.progress import Progress, TaskID, TextColumn, TimeElapsedColumn

from bus.port import Log
from cli.collecting import build_runner, limits
from cli.demo import EVENING
from cli.observing import observing
from cli.output import complain, complaints
from cli.supervise import Supervisor
from cli.up import running
from cli.wiring import Wiring
from desk.health import CONSUMERS
from ingest.publish import STAGE, Counts
from ingest.replay import ReplayOptions, ReplaySource
from ingest.runner import Stopped
from model.clock import Clock
from model.errors import LogUnavailable

LOOK_SECONDS = 0.05
WORRYING_RESTARTS = 3


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which files, how fast, and how their fields are called; see ``ReplayOptions``."""

    files: tuple[Path, ...]
    speed: float | None
    shift_to_now: bool
    fields: Mapping[str, str]
    instance: str | None
    assume_utc: bool
    wait: bool


class ReplayOutcome(msgspec.Struct, frozen=True):
    """What became of it, and how long it took. ``interrupted`` says that it was stopped
    before the end."""

    counts: Counts
    stopped: tuple[Stopped, ...]
    interrupted: bool
    seconds: float = 0.0

    def summary(self) -> dict[str, object]:
        """For scripts; ``peak_mb`` is this process's memory at its largest."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        seconds = round(self.seconds, 3)
        return {**msgspec.structs.asdict(self.counts), "seconds": seconds, "peak_mb": peak}


def replay_files(wiring: Wiring, request: ReplayRequest, stop: Callable[[], bool]) -> ReplayOutcome:
    """Replay the files one after the other."""
    wiring.create_topics()
    if any(file.resolve() != EVENING for file in request.files):
        wiring.state.demo_mark.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        own: Supervisor | None = None
        if request.wait and not wiring.is_running():
            own = stack.enter_context(running(wiring))
        stop = tending(stop, own)
        started = wiring.clock.monotonic()
        outcome = _publish(wiring, request, stop)
        if request.wait and not outcome.interrupted:
            done = wait_until_processed(wiring.log, wiring.clock, stop)
            outcome = msgspec.structs.replace(outcome, interrupted=not done)
        seconds = wiring.clock.monotonic() - started
    if not request.wait and not wiring.is_running():
        complaints().print("No pipeline runs: the posts wait in the log for `tocsin up`.")
    return msgspec.structs.replace(outcome, seconds=seconds)


def wait_until_processed(log: Log, clock: Clock, stop: Callable[[], bool]) -> bool:
    """Wait until every stage has committed what is in its topic now; False if stopped.

    In the order of the chain, since what one stage commits is there for the next.
    """
    for group, topic in CONSUMERS:
        ends: Mapping[int, int] | None = None
        while True:
            # Broker and disk may be away for a while; what waits for them only goes on.
            with contextlib.suppress(LogUnavailable):
                ends = log.ends(topic) if ends is None else ends
                if _reached(log.positions(group, topic), ends):
                    break
            if stop():
                return False
            clock.sleep(LOOK_SECONDS)
    return True


def _reached(positions: Mapping[int, int], ends: Mapping[int, int]) -> bool:
    return all(positions.get(number, 0) >= end for number, end in ends.items())


def _publish(wiring: Wiring, request: ReplayRequest, stop: Callable[[], bool]) -> ReplayOutcome:
    total = Counts()
    stopped: tuple[Stopped, ...] = ()
    with _Progress() as progress, observing(wiring, STAGE) as observation:
        for file in request.files:
            progress.begin(file.name)
            runner = build_runner(wiring, observation, progress.show)
            runner.add(ReplaySource(file, _options(request, wiring)), patient=True)
            report = runner.run(stop)
            total += report.counts
            stopped += report.stopped
    return ReplayOutcome(total, stopped, interrupted=stop())


def _options(request: ReplayRequest, wiring: Wiring) -> ReplayOptions:
    return ReplayOptions(
        speed=request.speed,
        shift_to_now=request.shift_to_now,
        fields=request.fields,
        instance=request.instance,
        assume_utc=request.assume_utc,
        limits=limits(wiring),
    )


def tending(stop: Callable[[], bool], supervisor: Supervisor | None) -> Callable[[], bool]:
    """The same question; asking it also keeps a pipeline of our own alive, and says so
    when one of its processes cannot be."""
    if supervisor is None:
        return stop
    told: set[str] = set()

    def tended() -> bool:
        supervisor.tend()
        for child in supervisor.states():
            if child.restarts >= WORRYING_RESTARTS and child.name not in told:
                told.add(child.name)
                complain(f"{child.name} keeps ending (exit {child.last_exit}); see {child.output}")
        return stop()

    return tended


class _Progress:
    """A line on the terminal, one per file, while posts are sent; silent in pipes."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            TextColumn("{task.completed:,} posts"),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=complaints())
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.__exit__(kind, error, traceback)

    def begin(self, name: str) -> None:
        self._task = self._bars.add_task(name, total=None)

    def show(self, counts: Counts) -> None:
        self._bars.update(self._task, completed=counts.read)
