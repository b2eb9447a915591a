"""The health check of a container, as the container runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

from bus.metrics import StageReport
from model.clock import SystemClock
from observe.endpoint import Endpoint
from observe.page import Page
from tests.deploy.files import DEPLOY


def check(port: int) -> subprocess.CompletedProcess[str]:
    """The script in a process that knows nothing of this repository."""
    return subprocess.run(
        [sys.executable, "-I", str(DEPLOY / "docker" / "alive.py")],
        env={**os.environ, "TOCSIN_METRICS__PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_stage_at_work_is_alive_and_a_silent_one_is_not() -> None:
    clock = SystemClock()
    page = Page(clock)
    with closing(Endpoint(page, "127.0.0.1", 0)) as endpoint:
        assert check(endpoint.port).returncode == 1
        now = clock.now()
        page.report(StageReport(stage="index", pid=1, started_at=now, updated_at=now))
        assert check(endpoint.port).returncode == 0
    gone = check(endpoint.port)
    assert (gone.returncode, gone.stderr) == (1, "")
