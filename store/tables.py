"""The tables of the operational record.

Times are UTC in integer microseconds. The migrations create these tables; a test holds
the two together.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that it calls INTEGER."""

CURSORS = Table(
    "cursors",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("state", Text, nullable=False),
)

COVERAGE = Table(
    "coverage",
    METADATA,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("trusted_until", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Index(None, "source", "until"),
)

SERIES = Table(
    "series",
    METADATA,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("rule_id", Text, nullable=False),
    Column("group_values", Text, nullable=False),
)

CONTRIBUTIONS = Table(
    "contributions",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("series", BigInteger, primary_key=True),
    Column("account", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("event_at", BigInteger, nullable=False),
    Column("collected_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("excerpt", Text),
    Column("place", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("withdrawn_at", BigInteger),
    Index(None, "series", "event_at", "withdrawn_at"),
    Index(None, "account"),
    sqlite_with_rowid=False,
)
STANDINGS = Table(
    "standings",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("withheld", BigInteger),
    Column("restored", BigInteger),
    Column("deleted", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

DELETED_ACCOUNTS = Table(
    "deleted_accounts",
    METADATA,
    Column("account", BigInteger, primary_key=True, autoincrement=False),
    Column("deleted_at", BigInteger, nullable=False),
)

EPISODES = Table(
    "episodes",
    METADATA,
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("last_at", BigInteger, primary_key=True, autoincrement=False),
    Column("first_at", BigInteger, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Column("alarm_at", BigInteger),
    Column("fresh", Boolean, nullable=False),
    Column("spot_at", BigInteger),
    Column("place", Text),
    Column("lat", Float),
    Column("lon", Float),
    sqlite_with_rowid=False,
)
"""Keyed by the end, since looking for what lies near a new post starts there."""

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("rule_id", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("group_values", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Column("place", Text),
    Column("lat", Float),
    Column("lon", Float),
    Column("historic", Boolean, nullable=False),
    Column("acknowledged_by", Text),
    Column("closed_at", BigInteger),
    Column("merged_into", Text),
    Index(None, "state", "raised_at"),
    Index(None, "merged_into"),
)

TIMELINE = Table(
    "timeline",
    METADATA,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("incident_id", Text, ForeignKey("incidents.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "incident_id"),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("message_id", Text, primary_key=True),
    Column("incident_id", Text, ForeignKey("incidents.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "status", "due_at"),
    Index(None, "incident_id"),
)
