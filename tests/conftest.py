"""What every test shares: property tests are never failed for the speed of the machine, and
real servers start once per run, only when asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.kafka import kafka_server
from tests.servers.need import untested

__all__ = ["kafka_server"]

settings.register_profile(
    "tocsin",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # New examples are for people who can look at them; in CI the same ones run every time.
    derandomize="CI" in os.environ,
    database=None,
)
settings.load_profile("tocsin")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what was skipped because a server is missing."""
    for reason in untested(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(reason, red=True, bold=True)
