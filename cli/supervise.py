"""Keeps the processes of a pipeline alive.

One process per stage, one enricher per core. A process that dies is started again,
sooner at first and later if it keeps dying; what it was doing is repeated from its last
committed position. A child notices by itself when its supervisor has gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType

import msgspec

from model.clock import Clock

TOCSIN = (sys.executable, "-m", "cli.main")
RESTART_FLOOR = 0.2
RESTART_CEILING = 30.0
STEADY_SECONDS = 10.0
STOP_SECONDS = 20.0


class ChildSpec(msgspec.Struct, frozen=True):
    """A process to keep alive: its name and the arguments of ``tocsin``.

    A ``passing`` one, such as a replay, may end by itself with exit status 0.
    """

    name: str
    arguments: tuple[str, ...]
    passing: bool = False


class ChildState(msgspec.Struct, frozen=True):
    """What is known of a process: its pid (None while it is down), its restarts, whether
    it has ended as it should, and the file of what it prints."""

    name: str
    output: Path
    pid: int | None
    restarts: int
    last_exit: int | None
    passing: bool
    done: bool


class Supervisor:
    """Starts, restarts and stops processes. Call :meth:`tend` a few times a second.

    ``program`` stands before each process's arguments; what they print goes to files of
    their names in the folder ``output``.
    """

    def __init__(
        self,
        specs: Iterable[ChildSpec],
        *,
        output: Path,
        clock: Clock,
        program: Sequence[str] = TOCSIN,
    ) -> None:
        self._clock = clock
        self._children = [_Child(spec, program, output) for spec in specs]

    def start(self) -> None:
        """Start every process."""
        for child in self._children:
            child.start(self._clock.monotonic())

    def tend(self) -> None:
        """Start again what has died and waited long enough."""
        for child in self._children:
            child.tend(self._clock.monotonic())

    def states(self) -> list[ChildState]:
        """What every process is doing."""
        return [child.state() for child in self._children]

    def stop(self) -> None:
        """Ask every process to finish its batch; insist after twenty seconds."""
        for child in self._children:
            child.ask()
        deadline = self._clock.monotonic() + STOP_SECONDS
        for child in self._children:
            child.finish(max(0.1, deadline - self._clock.monotonic()))


class _Child:
    def __init__(self, spec: ChildSpec, program: Sequence[str], output: Path) -> None:
        self._spec = spec
        self._command = [*program, *spec.arguments]
        self._output = output / f"{spec.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._retry_at = 0.0
        self._wait = RESTART_FLOOR
        self._restarts = 0
        self._last_exit: int | None = None
        self._done = False

    def start(self, now: float) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # the supervisor passes an interrupt on itself
            )
        self._started = now

    def tend(self, now: float) -> None:
        if self._process is None:
            if not self._done and now >= self._retry_at:
                self._restarts += 1
                self.start(now)
        elif (code := self._process.poll()) is not None:
            self._process = None
            self._last_exit = code
            self._done = self._spec.passing and code == 0
            steady = now - self._started >= STEADY_SECONDS
            self._wait = RESTART_FLOOR if steady else min(self._wait * 2, RESTART_CEILING)
            self._retry_at = now + self._wait

    def state(self) -> ChildState:
        pid = self._process.pid if self._process else None
        return ChildState(
            name=self._spec.name,
            output=self._output,
            pid=pid,
            restarts=self._restarts,
            last_exit=self._last_exit,
            passing=self._spec.passing,
            done=self._done,
        )

    def ask(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def finish(self, seconds: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_signal(parent: int | None = None) -> Callable[[], bool]:
    """A function that says whether this process has been asked to stop.

    SIGTERM and SIGINT ask; so does the death of the process ``parent``, which started
    this one and may have died before it got here.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signal API's shape
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return lambda: asked or (parent is not None and os.getppid() != parent)
