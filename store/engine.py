"""Opening the operational record.

Threading: a :class:`Store` may be shared between threads; a transaction belongs to the
one that began it. Several processes may open the same store. Durability: what was
written is durable when the call, or the ``with`` block of the transaction, returns.

Errors: :class:`~model.errors.StoreUnavailable` where the same call may succeed later,
:class:`~model.errors.StateError` where a person is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from model.errors import ConfigurationError, StateNotWritable
from store.contributions import Contributions
from store.coverage import Coverage
from store.cursors import Cursors
from store.deliveries import Deliveries
from store.episodes import Episodes
from store.errors import place_of, translated, translated_at_start
from store.incidents import Incidents
from store.migrate import is_current, locked, migrate
from store.scope import Scope, Shared
from store.series import SeriesNames
from store.standings import Standings

_WRITES = "tocsin_writes"
_BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another process's transaction, all of which are short."""


class Repositories:
    """Everything that is kept, by subject."""

    def __init__(self, scope: Scope) -> None:
        self.cursors = Cursors(scope)
        self.coverage = Coverage(scope)
        self.series = SeriesNames(scope)
        self.contributions = Contributions(scope)
        self.standings = Standings(scope)
        self.episodes = Episodes(scope)
        self.incidents = Incidents(scope)
        self.deliveries = Deliveries(scope)


class Store(Repositories):
    """The operational record. Each call of a repository is a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._database = _Database(engine)
        super().__init__(self._database)

    @contextmanager
    def transaction(self) -> Iterator[Repositories]:
        """The same repositories, in one transaction: all changes happen, or none."""
        with self._database.writing() as connection:
            yield Repositories(Shared(connection))

    @contextmanager
    def snapshot(self) -> Iterator[Repositories]:
        """The same repositories for reading, all of one moment."""
        with self._database.reading() as connection:
            yield Repositories(Shared(connection))

    def close(self) -> None:
        """Release the connections."""
        self._database.close()


def open_store(url: str) -> Store:
    """Open the record at an SQLAlchemy address, creating or migrating its tables.

    Raises ConfigurationError for an address that means nothing, StateNotWritable,
    StateCorrupt, StoreTooNew, or StoreUnavailable if the server does not answer.
    """
    try:
        address = make_url(url)
        engine = _engine(address)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            "the store's address",
            cause=str(error),
            remedy="Give it as sqlite:////folder/file.db or postgresql+psycopg://host/name",
        ) from error
    database = _Database(engine)
    try:
        with translated_at_start(database.place):
            _prepare(database, address)
    except BaseException:
        database.close()
        raise
    return Store(engine)


class _Database:
    """Transactions on one database."""

    def __init__(self, engine: Engine) -> None:
        self._reader = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self.place = place_of(engine.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with translated(self.place), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with translated(self.place), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self._reader.dispose()


def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        return create_engine(address, isolation_level="SERIALIZABLE", pool_pre_ping=True)
    engine = create_engine(address)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by rules of its own; _begin_sqlite does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # An incident must outlive a power cut: the log forgets its matches once they are counted.
    cursor.execute("PRAGMA synchronous = FULL")
    # The words of a post that was taken back must not linger in the free space of the file.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes would fail, not wait, if another wrote in between.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(database: _Database, address: URL) -> None:
    with database.reading() as connection:
        if is_current(connection):
            return
    file = address.database if address.get_backend_name() == "sqlite" else None
    try:
        with locked(Path(file)) if file else nullcontext(), database.writing() as connection:
            if not is_current(connection):
                migrate(connection)
    except OSError as error:
        raise StateNotWritable(
            f"the lock of the operational record {database.place}",
            cause=str(error),
            remedy="Make its folder writable for this user",
        ) from error
