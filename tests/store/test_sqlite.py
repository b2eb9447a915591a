"""The operational record on SQLite."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import store.migrations
from model.errors import (
    ConfigurationError,
    StateCorrupt,
    StateNotWritable,
    StoreUnavailable,
    TocsinError,
)
from store.engine import Store, _Database, _engine, open_store
from store.errors import StoreTooNew
from store.migrate import migrate
from store.migrations import REVISIONS
from store.tables import METADATA
from tests.contracts.store import StoreContract
from tests.contracts.store_builders import incident
from tests.store.faults import open_and_save


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "100% state" / "store.db"


@pytest.fixture
def address(file: Path) -> str:
    file.parent.mkdir()
    return f"sqlite:///{file}"


class TestSqlite(StoreContract):
    @pytest.fixture
    def url(self, address: str) -> str:
        return address


def test_the_migrations_make_the_tables_that_the_code_reads(address: str, file: Path) -> None:
    open_store(address).close()
    engine = create_engine(address)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_every_migration_is_named() -> None:
    steps = ScriptDirectory(str(Path(store.migrations.__file__).parent)).walk_revisions()
    assert tuple(reversed([step.revision for step in steps])) == REVISIONS


def test_a_record_of_a_newer_version_is_refused_and_left_alone(address: str, file: Path) -> None:
    open_store(address).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999"):
        open_store(address)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("9999",)
        ]


def _migrate_and_die(address: str) -> None:
    with _Database(_engine(make_url(address))).writing() as connection:
        migrate(connection)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_while_migrating_leaves_nothing(address: str, file: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_migrate_and_die, args=[address])
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    with closing(open_store(address)) as opened:
        assert opened.incidents.list() == []


def test_processes_that_start_together_migrate_once(address: str) -> None:
    context = multiprocessing.get_context("spawn")
    names = [f"process-{number}" for number in range(3)]
    processes = [context.Process(target=open_and_save, args=[address, name]) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with closing(open_store(address)) as opened:
        assert [opened.cursors.load(name) for name in names] == [{"ready": 1}] * 3


def test_a_damaged_file_is_for_a_person(address: str, file: Path) -> None:
    file.write_bytes(b"this is no database" * 1_000)
    with pytest.raises(StateCorrupt, match="not a database") as raised:
        open_store(address)
    assert "backup" in raised.value.remedy


def test_pages_that_are_damaged_later_are_for_a_person(address: str, file: Path) -> None:
    with closing(open_store(address)) as opened:
        opened.incidents.put([incident(f"i{number}") for number in range(500)])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(file.read_bytes())
    damaged[30 * 4096 :] = b"\xaa" * (len(damaged) - 30 * 4096)
    file.write_bytes(damaged)
    with closing(open_store(address)) as opened, pytest.raises(StateCorrupt):
        opened.incidents.list(limit=1_000)


def test_a_missing_folder_is_for_a_person(tmp_path: Path) -> None:
    with pytest.raises(StateNotWritable, match="nowhere"):
        open_store(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")


def test_a_record_that_may_not_be_written_can_still_be_read(address: str, file: Path) -> None:
    open_and_save(address, "news")
    with closing(open_store(f"sqlite:///file:{file}?mode=ro&uri=true")) as opened:
        assert opened.cursors.load("news") == {"ready": 1}
        with pytest.raises(StateNotWritable):
            opened.cursors.save("news", {"ready": 2})


@pytest.mark.parametrize("address", ["nonsense", "cobol://host/name", ""])
def test_an_address_that_means_nothing_is_a_matter_of_configuration(address: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:"):
        open_store(address)


def test_a_password_in_the_address_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(TocsinError) as raised:
        open_store("postgresql+psycopg://tocsin:s3cret@localhost:1/tocsin")
    assert "s3cret" not in str(raised.value)


def fill(store: Store) -> Callable[[int], None]:
    """Sets how many pages the database may have, for the one connection that the store has."""

    def limit(pages: int) -> None:
        with store._database.reading() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    return limit


def test_a_full_disk_passes_and_loses_nothing(address: str) -> None:
    with closing(open_store(address)) as opened:
        opened.incidents.put([incident("before")])
        fill(opened)(1)
        many = [incident(f"i{number}", response="x" * 1_000) for number in range(500)]
        with pytest.raises(StoreUnavailable, match="full"):
            opened.incidents.put(many)
        assert [i.id for i in opened.incidents.list()] == ["before"]
        fill(opened)(1_000_000)
        opened.incidents.put(many)
        assert len(opened.incidents.list(limit=1_000)) == 501


def test_a_cursor_that_is_no_state_names_its_source(address: str, file: Path) -> None:
    open_and_save(address, "news")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE cursors SET state = '{'")
    with closing(open_store(address)) as opened, pytest.raises(StateCorrupt, match="news"):
        opened.cursors.load("news")
