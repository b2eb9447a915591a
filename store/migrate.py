"""Bringing a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from store.errors import StoreTooNew, place_of
from store.migrations import REVISIONS

_STEPS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def is_current(connection: Connection) -> bool:
    """Whether the database already has the tables of this version.

    Raises StoreTooNew if a newer version has been at work on it.
    """
    revision = _revision(connection)
    if revision is not None and revision not in REVISIONS:
        raise StoreTooNew(
            f"the operational record {place_of(connection.engine.url)}",
            cause=f"it is at revision {revision}, this version knows up to {REVISIONS[-1]}",
            remedy="Update Tocsin on this machine, or name another state folder",
        )
    return revision == REVISIONS[-1]


def migrate(connection: Connection) -> None:
    """Apply the missing steps, all in the caller's transaction."""
    # Alembic takes most of a second to import, and is needed once in a database's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, _VERSION_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608  our own constant
    return revision
