"""Processes are kept alive, and end with their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.supervise import ChildSpec, Supervisor
from model.clock import SystemClock

PATIENCE = 120.0


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def python(code: str) -> ChildSpec:
    """A process of the test's own, in place of a stage."""
    return ChildSpec("worker", ("-c", code))


@pytest.fixture
def program() -> list[str]:
    return [sys.executable]


def test_a_killed_process_is_started_again(tmp_path: Path, program: list[str]) -> None:
    supervisor = Supervisor(
        [python("import time; time.sleep(600)")],
        program=program,
        output=tmp_path,
        clock=SystemClock(),
    )
    supervisor.start()
    try:
        first = supervisor.states()[0].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def replaced() -> bool:
            supervisor.tend()
            return supervisor.states()[0].pid not in (None, first)

        eventually(replaced)
        assert supervisor.states()[0].restarts == 1
        assert supervisor.states()[0].last_exit == -signal.SIGKILL
    finally:
        supervisor.stop()
    assert not alive(first)


def test_a_passing_process_may_end_when_it_succeeds(tmp_path: Path, program: list[str]) -> None:
    specs = [ChildSpec("replay", ("-c", "pass"), passing=True)]
    supervisor = Supervisor(specs, program=program, output=tmp_path, clock=SystemClock())
    supervisor.start()

    def done() -> bool:
        supervisor.tend()
        return supervisor.states()[0].done

    eventually(done)
    supervisor.tend()
    assert supervisor.states()[0].restarts == 0
    supervisor.stop()


def test_what_a_process_prints_is_kept(tmp_path: Path, program: list[str]) -> None:
    specs = [ChildSpec("noisy", ("-c", "print('hello')"), passing=True)]
    supervisor = Supervisor(specs, program=program, output=tmp_path, clock=SystemClock())
    supervisor.start()
    supervisor.stop()
    assert (tmp_path / "noisy.log").read_text() in ("hello\n", "")


def test_a_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    """The supervisor cannot say goodbye, so the child watches it."""
    child = (
        "import sys, time\n"
        "from cli.supervise import stop_signal\n"
        "stop = stop_signal(int(sys.argv[1]))\n"
        "while not stop(): time.sleep(0.02)\n"
    )
    parent = (
        "import os, pathlib, sys, time\n"
        "from cli.supervise import ChildSpec, Supervisor\n"
        "from model.clock import SystemClock\n"
        f"specs = [ChildSpec('child', ('-c', {child!r}, str(os.getpid())))]\n"
        f"s = Supervisor(specs, program=[sys.executable], output=pathlib.Path({str(tmp_path)!r}),"
        " clock=SystemClock())\n"
        "s.start()\n"
        "print(s.states()[0].pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert alive(pid)
        process.kill()
    eventually(lambda: not alive(pid))
