"""The embedded log keeps the contract of the log."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from bus.embedded import EmbeddedLog
from tests.contracts.log import LogContract, OpenLog


class TestEmbeddedLog(LogContract):
    @pytest.fixture
    def open_log(self, tmp_path: Path) -> OpenLog:
        return functools.partial(EmbeddedLog, tmp_path / "log")
