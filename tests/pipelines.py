"""Real pipelines for tests: the ``tocsin`` command on a state folder of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from config.settings import SHIPPED

EVENING = SHIPPED / "demo" / "evening.jsonl"
SECONDS = 240


class Tocsin(msgspec.Struct, frozen=True):
    """The command line on one state folder, as a person would use it."""

    state: Path
    config: Path = SHIPPED

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name state and configuration, and nothing of the tester's own."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        own = {"TOCSIN_STATE": str(self.state), "TOCSIN_CONFIG": str(self.config)}
        return {**inherited, **own, "TOCSIN_ACTOR": "tester", "COLUMNS": "80"}

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end, whatever its exit status."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        """What a command that succeeds prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def rows(self, *arguments: str) -> list[Any]:
        """The objects that a command prints with ``--json``."""
        return [json.loads(line) for line in self.ok(*arguments, "--json").splitlines()]

    def fails(self, *arguments: str, status: int = 1) -> str:
        """What a command that fails says to standard error."""
        done = self.run(*arguments)
        assert done.returncode == status, done.stdout.decode() + done.stderr.decode()
        return " ".join(done.stderr.decode().split())
