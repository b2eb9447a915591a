"""The operational record on a real PostgreSQL."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import closing
from multiprocessing.context import SpawnContext
from threading import Event, Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from model.errors import (
    ConfigurationError,
    StateCorrupt,
    StateNotWritable,
    StoreUnavailable,
    TocsinError,
)
from store.engine import Store, open_store
from store.errors import StoreTooNew
from store.postgresql import WRITERS_LOCK
from store.tables import METADATA
from tests.contracts.store import StoreContract
from tests.contracts.store_builders import incident
from tests.servers.postgresql import USER, PostgresServer
from tests.store.faults import count_up, open_and_save, total

SECONDS = 120.0


@pytest.fixture
def url(postgresql_server: PostgresServer, template: str) -> str:
    return postgresql_server.database(template)


@pytest.fixture
def context() -> SpawnContext:
    return multiprocessing.get_context("spawn")


class TestPostgres(StoreContract):
    @pytest.fixture
    def url(self, postgresql_server: PostgresServer, template: str) -> str:
        return postgresql_server.database(template)


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def together(
    context: SpawnContext, work: Callable[..., None], *arguments: tuple[object, ...]
) -> None:
    """Run the work in a process for each set of arguments; all must succeed."""
    processes = [context.Process(target=work, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(SECONDS)
    assert [process.exitcode for process in processes] == [0] * len(processes)


# Beginning


def test_the_migrations_make_the_tables_that_the_code_reads(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_processes_that_start_together_migrate_once(
    postgresql_server: PostgresServer, context: SpawnContext
) -> None:
    address = postgresql_server.database()
    names = [f"process-{number}" for number in range(4)]
    together(context, open_and_save, *[(address, name) for name in names])
    with closing(open_store(address)) as opened:
        assert [opened.cursors.load(name) for name in names] == [{"ready": 1}] * 4


def test_a_start_waits_for_the_one_that_migrates(postgresql_server: PostgresServer) -> None:
    """Nobody reads tables that another process is still making."""
    address = postgresql_server.database()
    opened = Event()

    def start() -> None:
        open_store(address).close()
        opened.set()

    with postgresql_server.connect(name_of(address)) as migrating, migrating.transaction():
        migrating.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS_LOCK])
        thread = Thread(target=start)
        thread.start()
        assert not opened.wait(0.5)
    thread.join(SECONDS)
    assert opened.is_set()


def test_a_record_of_a_newer_version_is_refused(
    postgresql_server: PostgresServer, url: str
) -> None:
    with postgresql_server.connect(name_of(url)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999"):
        open_store(url)


def test_text_is_sorted_by_its_bytes_whatever_the_server_prefers(url: str) -> None:
    with closing(open_store(url)) as opened:
        opened.incidents.put([incident(name) for name in ("ab", "aB", "aé", "a b", "Ab")])
        assert list(opened.incidents.ids_starting_with("a")) == ["a b", "aB", "ab", "aé"]


# Refusals


def test_a_wrong_password_is_a_matter_of_configuration(
    postgresql_server: PostgresServer, url: str
) -> None:
    wrong = postgresql_server.url(name_of(url), password="s3cret")
    with pytest.raises(ConfigurationError, match="password authentication failed") as raised:
        open_store(wrong)
    assert "store.password" in raised.value.remedy
    assert "s3cret" not in str(raised.value)


def test_a_missing_database_is_a_matter_of_configuration(
    postgresql_server: PostgresServer,
) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        open_store(postgresql_server.url("nowhere"))


def test_a_user_without_rights_is_told_which(postgresql_server: PostgresServer, url: str) -> None:
    with postgresql_server.connect(name_of(url)) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    address = url.replace(f"{USER}:{postgresql_server.password}", "reader:reader")
    with closing(open_store(address)) as opened:
        assert opened.cursors.load("news") == {}
        with pytest.raises(StateNotWritable, match="permission denied") as raised:
            opened.cursors.save("news", {"page": 1})
    assert "owner" in raised.value.remedy


def refuse(server: PostgresServer, url: str, code: str, words: str = "") -> None:
    """Make the server answer every new cursor with this error."""
    with server.connect(name_of(url)) as connection:
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE SQLSTATE '{code}' USING MESSAGE = '{words or code}'; END $$"
        )
        connection.execute("CREATE TRIGGER t BEFORE INSERT ON cursors EXECUTE FUNCTION refuse()")


@pytest.mark.parametrize("code", ["25006", "0A000"])
def test_a_standby_is_named(postgresql_server: PostgresServer, url: str, code: str) -> None:
    """It becomes the primary in time, or the address is wrong: no record is to blame."""
    refuse(postgresql_server, url, code, "no read-write mode during recovery")
    with closing(open_store(url)) as opened:
        with pytest.raises(StoreUnavailable, match="recovery") as raised:
            opened.cursors.save("news", {"page": 1})
        assert "primary" in raised.value.remedy


def test_damage_is_for_a_person(postgresql_server: PostgresServer, url: str) -> None:
    refuse(postgresql_server, url, "XX001")
    with closing(open_store(url)) as opened, pytest.raises(StateCorrupt) as raised:
        opened.cursors.save("news", {"page": 1})
    assert "backup" in raised.value.remedy


def test_secrets_in_the_address_are_never_shown() -> None:
    with pytest.raises(TocsinError) as raised:
        open_store("postgresql+psycopg://tocsin@127.0.0.1:1/tocsin?password=s3cret")
    assert "s3cret" not in str(raised.value)


def test_a_value_that_no_try_can_store_is_not_tried_for_ever(url: str) -> None:
    """Such a record must reach the dead letters, where a passing failure would block the rest."""
    endless = "".join(chr(0x4E00 + (7919 * n) % 20_000) for n in range(9_000))
    for name in (endless, "with\0nul"):
        with closing(open_store(url)) as opened, pytest.raises(Exception) as raised:  # noqa: PT011
            opened.cursors.save(name, {"page": 1})
        assert not isinstance(raised.value, TocsinError)


# Several at once


def test_transactions_in_several_processes_follow_each_other(
    url: str, context: SpawnContext
) -> None:
    """Each reads before it writes, so two at once would lose a count."""
    turns = 60
    together(context, count_up, *[(url, f"process-{number}", turns) for number in range(3)])
    with closing(open_store(url)) as opened:
        assert total(opened) == 3 * turns


def test_a_snapshot_shows_one_moment(url: str) -> None:
    with closing(open_store(url)) as reading, closing(open_store(url)) as writing:
        with reading.snapshot() as moment:
            assert moment.incidents.list() == []
            writing.incidents.put([incident("a")])
            assert moment.incidents.list() == []
        assert len(reading.incidents.list()) == 1


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "53100", "53300", "57P01", "58030"])
def test_what_may_pass_is_tried_again(
    postgresql_server: PostgresServer, url: str, code: str
) -> None:
    """Serialization failures, deadlocks, locks, no room, too many clients, shut down, disk."""
    refuse(postgresql_server, url, code)
    with closing(open_store(url)) as opened:
        with pytest.raises(StoreUnavailable):
            opened.cursors.save("news", {"page": 1})
        with postgresql_server.connect(name_of(url)) as connection:
            connection.execute("DROP TRIGGER t ON cursors")
        opened.cursors.save("news", {"page": 1})
        assert opened.cursors.load("news") == {"page": 1}


def test_more_threads_than_connections_wait_their_turn(url: str) -> None:
    with closing(open_store(url)) as shared:
        threads = [
            Thread(target=shared.coverage.record, args=(f"source-{n}", "live", n))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        assert len(shared.coverage.intervals(0, 100)) == 20


# A server that goes away


def goes_and_comes(store: Store, server: PostgresServer) -> None:
    """While it is away every call says so; when it is back the same store works."""
    with pytest.raises(StoreUnavailable):
        store.cursors.save("news", {"page": 2})
    with pytest.raises(StoreUnavailable):
        store.cursors.load("news")
    server.start()
    assert store.cursors.load("news") == {"page": 1}
    store.cursors.save("news", {"page": 2})
    assert store.cursors.load("news") == {"page": 2}


@pytest.mark.parametrize("end", [PostgresServer.stop, lambda server: server.process.kill()])
def test_the_same_store_works_again_after_the_server_was_away(
    postgresql_server: PostgresServer, url: str, end: Callable[[PostgresServer], None]
) -> None:
    with closing(open_store(url)) as opened:
        opened.cursors.save("news", {"page": 1})
        end(postgresql_server)
        goes_and_comes(opened, postgresql_server)


def test_a_transaction_that_the_server_did_not_survive_changed_nothing(
    postgresql_server: PostgresServer, url: str
) -> None:
    def interrupted(store: Store) -> None:
        with store.transaction() as tx:
            tx.incidents.put([incident("a")])
            postgresql_server.process.kill()
            tx.incidents.put([incident("b")])

    with closing(open_store(url)) as opened:
        with pytest.raises(StoreUnavailable):
            interrupted(opened)
        postgresql_server.start()
        assert opened.incidents.list() == []


def test_what_was_written_survives_kills(
    postgresql_server: PostgresServer, url: str, context: SpawnContext
) -> None:
    """Three processes count on while the server is killed and restarted under them."""
    turns = 300
    processes = [
        context.Process(target=count_up, args=(url, f"process-{number}", turns))
        for number in range(3)
    ]
    for process in processes:
        process.start()
    kills = 0
    with closing(open_store(url)) as opened:
        while kills < 6 and any(process.is_alive() for process in processes):
            before = total(opened)
            while total(opened) == before and any(process.is_alive() for process in processes):
                processes[0].join(0.01)
            if kills % 2:
                postgresql_server.stop()
            else:
                postgresql_server.process.kill()
            postgresql_server.start()
            kills += 1
        for process in processes:
            process.join(SECONDS)
        assert [process.exitcode for process in processes] == [0, 0, 0]
        assert kills > 1
        assert total(opened) == 3 * turns
