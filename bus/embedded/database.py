"""SQLite files as the embedded log uses them: opened, transacted, errors translated.

The only module of the log that knows sqlite3. WAL mode lets readers and one writer of a
file work at the same time: https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bus.embedded.files import file_errors
from model.errors import LogUnavailable, StateCorrupt, StateError, StateNotWritable, TocsinError

BUSY_SECONDS = 5.0
PAGE_BYTES = 8192
CHECKPOINT_PAGES = 1000
WAL_LIMIT_BYTES = 64 * 1024 * 1024

Value = int | str | bytes


class Database:
    """One SQLite file in WAL mode. Belongs to one thread.

    A commit survives the death of any process; with ``durable`` it also survives the
    loss of power. Raises LogUnavailable, StateNotWritable and StateCorrupt.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._paths = [path]
        try:
            self._connection = _connect(path, durable=durable)
        except sqlite3.Error as error:
            raise _translated([path], error) from error

    @staticmethod
    def create(path: Path, schema: Iterable[str]) -> None:
        """Make the file with these statements, unless it is there already.

        It appears whole or not at all, to whoever looks and whenever this process dies.
        The caller sees to it that no other creates the same file.
        """
        if path.exists():
            return
        # A new name each time: the journal of a draft that was left behind must not be
        # taken for this one's.
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("BEGIN")
                for statement in schema:
                    connection.execute(statement)
                connection.execute("COMMIT")
            with file_errors(path):
                draft.replace(path)
        except sqlite3.Error as error:
            raise _translated([draft], error) from error

    def attach(self, path: Path, name: str) -> None:
        """Make the tables of another file readable as ``name.table``."""
        self._paths.append(path)
        self.run(f"ATTACH ? AS {name}", (_address(path),))

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[Any]:
        """All rows of a query, as tuples; sqlite3 does not know their types."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _translated(self._paths, error) from error

    def number(self, statement: str, values: Sequence[Value] = ()) -> int:
        """The one integer that a query yields."""
        rows: list[tuple[int]] = self.rows(statement, values)
        if not rows:
            raise _damaged(self._paths, "a row is missing")
        return rows[0][0]

    def run(self, statement: str, values: Sequence[Value] = ()) -> int:
        """Execute a statement; returns how many rows it changed."""
        try:
            return self._connection.execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise _translated(self._paths, error) from error

    def run_many(self, statement: str, values: Iterable[Sequence[Value]]) -> None:
        """Execute a statement for each of these."""
        try:
            self._connection.executemany(statement, values)
        except sqlite3.Error as error:
            raise _translated(self._paths, error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that may write: committed at the end, rolled back on any error."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # A failed commit may or may not have ended the transaction by itself.
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._connection.close()


def _connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _address(path), uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}")
        # What retention drops must not stay readable in the file's free pages.
        connection.execute("PRAGMA secure_delete=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _address(path: Path) -> str:
    """The file as a URI that refuses to create it: a missing partition is an error."""
    return f"{path.absolute().as_uri()}?mode=rw"


_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_UNREADABLE = {
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
    sqlite3.SQLITE_IOERR_DATA,
}


def _translated(paths: Sequence[Path], error: sqlite3.Error) -> TocsinError:
    """Our error for SQLite's result code: https://www.sqlite.org/rescode.html."""
    extended: int = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if code in _BUSY:
        return LogUnavailable(f"{_named(paths)} is busy", cause=str(error))
    if code in _NO_ROOM and extended not in _UNREADABLE:
        return LogUnavailable(
            f"{_named(paths)} cannot be used now",
            cause=str(error),
            remedy="Make room on the disk, or look for its faults in the system's journal",
        )
    if code in _REFUSED and all(path.exists() for path in paths):
        return StateNotWritable(
            f"{_named(paths)} cannot be opened for writing",
            cause=str(error),
            remedy="Correct the permissions of the file and its folder",
        )
    if isinstance(error, sqlite3.ProgrammingError):
        return StateError(f"{_named(paths)} is misused", cause=str(error))
    return _damaged(paths, str(error))


def _damaged(paths: Sequence[Path], cause: str) -> StateCorrupt:
    return StateCorrupt(
        f"{_named(paths)} is damaged or missing",
        cause=cause,
        remedy="Restore it from a backup, or rescue what it holds with `sqlite3 FILE .recover`",
    )


def _named(paths: Sequence[Path]) -> str:
    return " or ".join(map(str, paths))
