"""Opening the operational record.

Threading: a :class:`Store` may be shared between threads; a transaction belongs to the
one that began it. Several processes may open the same store. Durability: what was
written is durable when the call, or the ``with`` block of the transaction, returns.

Errors: :class:`~model.errors.StoreUnavailable` where the same call may succeed later,
:class:`~model.errors.StateError` where a person is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from model.errors import ConfigurationError
from store.condition import StoreCondition, read_condition
from store.contributions import Contributions
from store.coverage import Coverage
from store.cursors import Cursors
from store.deliveries import Deliveries
from store.episodes import Episodes
from store.errors import place_of, translated, translated_at_start
from store.good_rules import GoodRules
from store.incidents import Incidents
from store.migrate import is_current, migrate
from store.postgresql import READING, postgresql_engine
from store.scope import WRITES, Scope, Shared
from store.series import SeriesNames
from store.sqlite import only_starter, sqlite_engine
from store.stage_reports import StageReportTexts
from store.standings import Standings
from store.watches import Watches


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
        self.stage_reports = StageReportTexts(scope)
        self.watches = Watches(scope)
        self.good_rules = GoodRules(scope)


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

    def condition(self) -> StoreCondition | None:
        """What the server says of itself; None for a file. Raises StoreUnavailable."""
        if self._database.is_file:
            return None
        with self._database.reading() as connection:
            return read_condition(connection)

    def close(self) -> None:
        """Release the connections."""
        self._database.close()


def open_store(url: str) -> Store:
    """Open the record at an SQLAlchemy address, creating or migrating its tables.

    Raises ConfigurationError for an address that means nothing, StateNotWritable,
    StateCorrupt, StoreTooNew, or StoreUnavailable if the server does not answer.
    """
    address = _address(url)
    try:
        engine = _engine(address)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise _meaningless(error) from error
    database = _Database(engine)
    try:
        with translated_at_start(database.place):
            _prepare(database, address)
    except BaseException:
        database.close()
        raise
    return Store(engine)


def completed(url: str, password: str | None, patience_seconds: float | None) -> str:
    """The same address with a password, and with how long its server may take to answer.

    Raises ConfigurationError.
    """
    address = _address(url)
    if password is not None:
        address = address.set(password=password)
    if patience_seconds is not None and address.get_backend_name() != "sqlite":
        wait = {"connect_timeout": str(max(2, round(patience_seconds)))}
        address = address.update_query_dict(wait)
    return address.render_as_string(hide_password=False)


class _Database:
    """Transactions on one database."""

    def __init__(self, engine: Engine) -> None:
        reading = {} if engine.dialect.name == "sqlite" else READING
        self._reader = engine.execution_options(**reading)
        self._writer = engine.execution_options(**{WRITES: True})
        self.place = place_of(engine.url)
        self.is_file = engine.dialect.name == "sqlite"

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


def _address(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        # SQLAlchemy repeats the address, which may hold a password.
        raise _meaningless("it cannot be understood") from error


def _meaningless(cause: object) -> ConfigurationError:
    return ConfigurationError(
        "the store's address (store.url)",
        cause=str(cause),
        remedy="Give it as sqlite:////folder/file.db or postgresql+psycopg://host/name",
    )


def _engine(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        return sqlite_engine(address)
    return postgresql_engine(address)


def _prepare(database: _Database, address: URL) -> None:
    with database.reading() as connection:
        if is_current(connection):
            return
    with _only_starter(address), database.writing() as connection:
        if not is_current(connection):
            migrate(connection)


def _only_starter(address: URL) -> AbstractContextManager[None]:
    """Keeps processes that start together from migrating at once. PostgreSQL needs no more
    than the lock that every writing transaction holds there."""
    if address.get_backend_name() == "sqlite" and address.database:
        return only_starter(Path(address.database))
    return nullcontext()
