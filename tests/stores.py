"""An empty operational record on each database, for tests of what is built upon it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from store.engine import open_store
from store.tables import METADATA
from tests.servers.postgresql import PostgresServer

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a record in which nothing has happened yet."""
    file = tmp_path_factory.mktemp("empty_store") / "store.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Every database in turn; a test that is about one alone parametrizes it."""
    name: str = request.param
    return name


@pytest.fixture
def new_store_url(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], str]:
    """Makes an empty record with current tables, and says its address. On a server the one
    that was made before is emptied for it."""
    if database == "sqlite":
        empty = request.getfixturevalue("empty_store")
        names = count()
        return lambda: f"sqlite:///{shutil.copy(empty, tmp_path / f'store-{next(names)}.db')}"
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name: str = request.getfixturevalue("reused_database")
    return lambda: server.emptied(name, list(METADATA.tables))


@pytest.fixture
def store_url(new_store_url: Callable[[], str]) -> str:
    """The address of an empty record with current tables."""
    return new_store_url()
