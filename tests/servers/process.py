"""A server as a process of its own session, which never outlives the run that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_LOOK_SECONDS = 0.05
_LOG_TAIL = 3_000


class ServerFailed(Exception):
    """A server that is here did not start, or died; the text has the end of its log."""


class ServerProcess:
    """One run of a server's program; its output goes to ``log``, which starts anew.

    Signals reach the whole process group, so a launcher and what it launched alike.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard = subprocess.Popen(
            [sys.executable, _GUARD, str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Of the program that was started, which leads its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet; a frozen one is alive."""
        return self._process.poll() is None

    def output(self) -> str:
        """Everything that it has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], seconds: float = 120.0) -> None:
        """Raises ServerFailed when it ends before it is ready, or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise self._failed(f"ended with {self._process.returncode}")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {seconds:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL to the group; returns when it is gone. Safe to call twice."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._dismiss()

    def stop(self, seconds: float = 20.0) -> None:
        """SIGTERM, and SIGKILL to one that does not end in time. Safe to call twice."""
        if self.alive:
            self.thaw()
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        # Even when the leader has ended, others of its group may live.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _dismiss(self) -> None:
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()

    def _failed(self, what: str) -> ServerFailed:
        self.kill()
        return ServerFailed(f"{self._log.stem} {what}:\n{self.output()[-_LOG_TAIL:]}")
