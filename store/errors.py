"""What can go wrong with the operational record.

StateError
└── StoreTooNew     a newer version of Tocsin has written this record
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from model.errors import StateError, StoreUnavailable, TocsinError
from store.postgresql import hopeless_start_of_postgresql, known_of_postgresql
from store.sqlite import hopeless_start_of_sqlite, known_of_sqlite


class StoreTooNew(StateError):
    """A newer version of Tocsin has written this operational record."""


def place_of(address: URL) -> str:
    """What messages call the database: its file, or its address without secrets."""
    if address.get_backend_name() == "sqlite" and address.database:
        return address.database
    return address.set(query={}).render_as_string(hide_password=True)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the database reports in this block into our errors.

    ``place`` is what :func:`place_of` calls the database. Raises StoreUnavailable where the
    same call may succeed later, StateNotWritable and StateCorrupt where a person must
    act. A statement that the database refuses as wrong is our own fault and passes
    through as it is.
    """
    what = _named(place)
    try:
        yield
    except DBAPIError as error:
        if (known := _known(error, what)) is None:
            raise
        raise known from error
    except NoConnectionFree as error:
        raise StoreUnavailable(what, cause="all its connections are in use") from error


@contextmanager
def translated_at_start(place: str) -> Iterator[None]:
    """As :func:`translated`, but what cannot pass by itself while nothing has begun is for
    a person: StateNotWritable for a full disk, ConfigurationError for a refusal."""
    try:
        with translated(place):
            yield
    except StoreUnavailable as error:
        cause = error.__cause__
        if (
            not isinstance(cause, DBAPIError)
            or (hopeless := _hopeless(cause, _named(place))) is None
        ):
            raise
        raise hopeless from error


def _named(place: str) -> str:
    return f"the operational record {place}"


def _known(error: DBAPIError, what: str) -> TocsinError | None:
    if isinstance(error.orig, sqlite3.Error):
        return known_of_sqlite(error, what)
    return known_of_postgresql(error, what)


def _hopeless(error: DBAPIError, what: str) -> TocsinError | None:
    if isinstance(error.orig, sqlite3.Error):
        return hopeless_start_of_sqlite(error, what)
    return hopeless_start_of_postgresql(error, what)
