"""What every test shares: real servers, started once per run and only when asked for, and
property tests that are never failed for the speed of the machine."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.pipelines import gazetteer
from tests.servers.elasticsearch import elastic_server
from tests.servers.kafka import kafka_server
from tests.servers.need import untested
from tests.servers.postgresql import (
    postgresql_server,
    reused_database,
    running_postgresql,
    template,
)
from tests.stores import database, empty_store, new_store_url, store_url

__all__ = [
    "database",
    "elastic_server",
    "empty_store",
    "gazetteer",
    "kafka_server",
    "new_store_url",
    "postgresql_server",
    "reused_database",
    "running_postgresql",
    "store_url",
    "template",
]

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
