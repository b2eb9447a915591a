"""A log with all topics, in movable time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus.embedded import EmbeddedLog
from model.clock import SECOND, MovableClock
from model.topics import TOPICS
from tests.bus.logs import create
from tests.bus.runner import LIMIT, Runner


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(1_000 * SECOND)


@pytest.fixture
def log(tmp_path: Path, clock: MovableClock) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path, max_record_bytes=LIMIT, clock=clock)) as log:
        create(log, *TOPICS)
        yield log


@pytest.fixture
def run(log: EmbeddedLog, clock: MovableClock) -> Runner:
    return Runner(log, clock)
