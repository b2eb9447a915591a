"""A store for each test, and a clock that tests move."""

from __future__ import annotations

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
def store(store_url: str) -> Iterator[Store]:
    with closing(open_store(store_url)) as store:
        yield store


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(EVENING + HOUR)


@pytest.fixture
def window(store: Store, clock: MovableClock) -> Callable[..., Window]:
    """Makes a window stage with these rules; by default one of kind any."""
    return lambda *rules: Window(store, rules or (rule(),), clock)
