"""What can go wrong with the operational record, and whose words the database used for it.

StateError
└── StoreTooNew     a newer version of Tocsin has written this record
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from model.errors import (
    StateCorrupt,
    StateError,
    StateNotWritable,
    StoreUnavailable,
    TocsinError,
)

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes keep the primary code in the lowest byte."""


class StoreTooNew(StateError):
    """A newer version of Tocsin has written this operational record."""


def place_of(address: URL) -> str:
    """What messages call the database: its file, or its address without the password."""
    if address.get_backend_name() == "sqlite" and address.database:
        return address.database
    return address.render_as_string(hide_password=True)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the database reports in this block into our errors.

    ``place`` is what :func:`place_of` calls the database. Raises StoreUnavailable where the
    same call may succeed later, StateNotWritable and StateCorrupt where a person must
    act. A statement that the database refuses as wrong is our own fault and passes
    through as it is.
    """
    try:
        yield
    except DBAPIError as error:
        if (known := _known(error, place)) is None:
            raise
        raise known from error


@contextmanager
def translated_at_start(place: str) -> Iterator[None]:
    """As :func:`translated`, but a full disk is for a person: nothing could begin."""
    try:
        with translated(place):
            yield
    except StoreUnavailable as error:
        if _code(error.__cause__) not in _NO_ROOM:
            raise
        raise StateNotWritable(
            f"the operational record {place}",
            cause=error.cause,
            remedy="Free some space on its disk",
        ) from error


def _known(error: DBAPIError, place: str) -> TocsinError | None:
    what = f"the operational record {place}"
    cause = str(error.orig)
    code = _code(error)
    if code in _DAMAGED:
        remedy = "Restore it from a backup, or move the file away to start an empty one"
        return StateCorrupt(what, cause=cause, remedy=remedy)
    if code in _READ_ONLY:
        remedy = "Make its folder exist and be writable for this user"
        return StateNotWritable(what, cause=cause, remedy=remedy)
    if isinstance(error, (OperationalError, InterfaceError)) and not _is_faulty_statement(error):
        return StoreUnavailable(what, cause=cause)
    return None


def _is_faulty_statement(error: DBAPIError) -> bool:
    """SQLite files 'no such table' and the like under its operational errors."""
    return _code(error) == sqlite3.SQLITE_ERROR


def _code(error: BaseException | None) -> int | None:
    """SQLite's primary result code; None for another database."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        code: int | None = getattr(error.orig, "sqlite_errorcode", None)
        return None if code is None else code & _PRIMARY_CODE
    return None
