"""What is particular to SQLite: its set-up, one writer at a time, and its words for trouble."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from model.errors import StateCorrupt, StateNotWritable, StoreUnavailable, TocsinError
from store.scope import WRITES

_BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another process's transaction, all of which are short."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes keep the primary code in the lowest byte."""


def sqlite_engine(address: URL) -> Engine:
    """An engine whose writing transactions wait for each other."""
    engine = create_engine(address)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def only_starter(database: Path) -> Iterator[None]:
    """Hold off other processes that start on the same database file.

    The lock goes with the process, so one that is killed leaves none behind. Raises
    StateNotWritable.
    """
    try:
        lock = database.with_name(f"{database.name}.lock").open("w")
    except OSError as error:
        raise StateNotWritable(
            f"the lock of the operational record {database}",
            cause=str(error),
            remedy="Make its folder writable for this user",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def known_of_sqlite(error: DBAPIError, what: str) -> TocsinError | None:
    """Our error for SQLite's; None for a statement that it refuses as wrong."""
    cause = str(error.orig)
    code = _code(error)
    if code in _DAMAGED:
        remedy = "Restore it from a backup, or move the file away to start an empty one"
        return StateCorrupt(what, cause=cause, remedy=remedy)
    if code in _READ_ONLY:
        remedy = "Make its folder exist and be writable for this user"
        return StateNotWritable(what, cause=cause, remedy=remedy)
    # SQLite files 'no such table' and the like under its operational errors.
    if isinstance(error, (OperationalError, InterfaceError)) and code != sqlite3.SQLITE_ERROR:
        return StoreUnavailable(what, cause=cause)
    return None


def hopeless_start_of_sqlite(error: DBAPIError, what: str) -> TocsinError | None:
    """A full disk passes while a stage works, but where nothing could begin it is for a person."""
    if _code(error) not in _NO_ROOM:
        return None
    return StateNotWritable(what, cause=str(error.orig), remedy="Free some space on its disk")


def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by rules of its own; _begin does it instead.
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


def _begin(connection: Connection) -> None:
    # A transaction that reads and then writes would fail, not wait, if another wrote in between.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _code(error: DBAPIError) -> int | None:
    """SQLite's primary result code."""
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY_CODE
