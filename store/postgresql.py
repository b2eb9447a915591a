"""What is particular to PostgreSQL: its sessions, one writer at a time, its words for trouble.

Error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from model.errors import (
    ConfigurationError,
    StateCorrupt,
    StateNotWritable,
    StoreUnavailable,
    TocsinError,
)
from store.scope import WRITES

READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""A transaction that reads sees one moment, whatever is written meanwhile."""

WRITERS_LOCK = 0x746F6373696E
"""The number of the advisory lock that a writing transaction holds: "tocsin" in ASCII."""

_POOL = {"pool_size": 2, "max_overflow": 6, "pool_timeout": 30, "pool_pre_ping": True}
"""A stage needs one connection. Twenty processes stay below PostgreSQL's default of a hundred."""

_SESSION = {
    "application_name": "tocsin",
    "connect_timeout": "10",
    # A server whose machine is gone without a word is noticed within a minute.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    # A process that hangs in the middle of a transaction loses it, and with it the lock.
    "options": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s",
}

_NO_RIGHT = "42501"
_READ_ONLY = "25006"
_IN_RECOVERY = "0A000"
_DAMAGED = {"XX001", "XX002"}
_OUR_FAULT = {"42", "54"}
"""Classes of a statement that no try can save, such as a key too long for its index."""

_REFUSALS = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied for database",
)
"""How PostgreSQL begins to refuse a connection, for which it gives no code. On a server
that speaks another language such a refusal counts as passing."""


def postgresql_engine(address: URL) -> Engine:
    """An engine whose writing transactions wait for each other.

    What the address itself says of the session has precedence.
    """
    session = {name: value for name, value in _SESSION.items() if name not in address.query}
    engine = create_engine(address, connect_args=session, **_POOL)
    event.listen(engine, "begin", _begin)
    return engine


def known_of_postgresql(error: DBAPIError, what: str) -> TocsinError | None:
    """Our error for PostgreSQL's; None for a statement that it refuses as wrong."""
    cause = " ".join(str(error.orig).split())
    code = _code(error)
    if code in _DAMAGED:
        remedy = "Stop Tocsin and restore the database from a backup"
        return StateCorrupt(what, cause=cause, remedy=remedy)
    if code == _NO_RIGHT:
        remedy = "Make the user of store.url the owner of the database"
        return StateNotWritable(what, cause=cause, remedy=remedy)
    if code == _READ_ONLY or (code == _IN_RECOVERY and "recovery" in cause):
        remedy = "Name the primary server in store.url, not a standby"
        return StoreUnavailable(what, cause=cause, remedy=remedy)
    if isinstance(error, (OperationalError, InterfaceError)) and code[:2] not in _OUR_FAULT:
        remedy = "" if code else "See that the server runs, and that store.url names it"
        return StoreUnavailable(what, cause=cause, remedy=remedy)
    return None


def hopeless_start_of_postgresql(error: DBAPIError, what: str) -> TocsinError | None:
    """A refusal, which no waiting can mend."""
    cause = " ".join(str(error.orig).split())
    if _code(error) or not any(words in cause for words in _REFUSALS):
        return None
    remedy = "Correct store.url or store.password, or create the user and the database"
    return ConfigurationError(what, cause=cause, remedy=remedy)


def _begin(connection: Connection) -> None:
    # Each later statement sees what was committed before it, hence whatever the last
    # holder of the lock has written.
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")


def _code(error: DBAPIError) -> str:
    """The SQLSTATE; empty where the server was not reached."""
    return getattr(error.orig, "sqlstate", None) or ""
