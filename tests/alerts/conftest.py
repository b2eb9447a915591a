"""A store for each test, and a clock that tests move."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from model.clock import HOUR, MovableClock
from store.engine import Store, open_store
from tests.alerts.builders import EVENING, Window, rule


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store in which nothing has happened yet."""
    file = tmp_path_factory.mktemp("empty") / "store.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[Store]:
    file = shutil.copy(empty, tmp_path)
    with closing(open_store(f"sqlite:///{file}")) as store:
        yield store


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(EVENING + HOUR)


@pytest.fixture
def window(store: Store, clock: MovableClock) -> Callable[..., Window]:
    """Makes a window stage with these rules; by default one of kind any."""
    return lambda *rules: Window(store, rules or (rule(),), clock)
