"""Real pipelines for tests: the ``tocsin`` command on a state folder of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.settings import SHIPPED

EVENING = SHIPPED / "demo" / "evening.jsonl"
SECONDS = 240


class Tocsin(msgspec.Struct, frozen=True):
    """The command line on one state folder, as a person would use it; ``settings`` are further
    variables."""

    state: Path
    config: Path = SHIPPED
    settings: Mapping[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name state and configuration, and nothing of the tester's own."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        own = {"TOCSIN_STATE": str(self.state), "TOCSIN_CONFIG": str(self.config)}
        return {**inherited, **own, **self.settings, "TOCSIN_ACTOR": "tester", "COLUMNS": "80"}

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


@pytest.fixture(scope="session")
def gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled gazetteer, which takes seconds to make and may be copied."""
    tocsin = Tocsin(tmp_path_factory.mktemp("gazetteer") / "var")
    tocsin.ok("enrich")
    return tocsin.state / "cache"


def with_gazetteer(tocsin: Tocsin, gazetteer: Path) -> Tocsin:
    """The same, spared the making of a gazetteer."""
    shutil.copytree(gazetteer, tocsin.state / "cache")
    return tocsin
