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

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is sorted by its bytes on every database, as SQLite does by itself.

A language's order changes with the C library of the server's machine, and an index that
was built in the older order then no longer finds what it holds.
"""

CURSORS = Table(
    "cursors",
    METADATA,
    Column("source", _TEXT, primary_key=True),
    Column("state", _TEXT, nullable=False),
)

COVERAGE = Table(
    "coverage",
    METADATA,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("source", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("trusted_until", BigInteger, nullable=False),
    Column("reason", _TEXT, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Index(None, "source", "until"),
)

SERIES = Table(
    "series",
    METADATA,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("rule_id", _TEXT, nullable=False),
    Column("group_values", _TEXT, nullable=False),
    Index(None, "rule_id"),
)

CONTRIBUTIONS = Table(
    "contributions",
    METADATA,
    Column("uid", _TEXT, primary_key=True),
    Column("series", BigInteger, primary_key=True),
    Column("account", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("event_at", BigInteger, nullable=False),
    Column("collected_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("excerpt", _TEXT),
    Column("place", _TEXT),
    Column("lat", Float),
    Column("lon", Float),
    Column("cluster", BigInteger, nullable=False, server_default="0"),
    Column("field_values", _TEXT),
    Column("number", Float),
    Column("withdrawn_at", BigInteger),
    Index(None, "series", "event_at", "withdrawn_at"),
    Index(None, "account"),
    sqlite_with_rowid=False,
)
STANDINGS = Table(
    "standings",
    METADATA,
    Column("uid", _TEXT, primary_key=True),
    Column("withheld", BigInteger),
    Column("restored", BigInteger),
    Column("deleted", Boolean, nullable=False),
    Column("edited", BigInteger),
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
    Column("place", _TEXT),
    Column("lat", Float),
    Column("lon", Float),
    sqlite_with_rowid=False,
)
"""Keyed by the end, since looking for what lies near a new post starts there."""

WATCHES = Table(
    "watches",
    METADATA,
    Column("rule_id", _TEXT, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("judged_until", BigInteger, nullable=False),
    Column("unsure", _TEXT, nullable=False),
    sqlite_with_rowid=False,
)

GOOD_RULES = Table(
    "good_rules",
    METADATA,
    Column("rule_id", _TEXT, primary_key=True),
    Column("version", _TEXT, nullable=False),
    Column("file", _TEXT, nullable=False),
    Column("line", Integer, nullable=False),
    Column("definition", _TEXT, nullable=False),
    Column("loaded_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", _TEXT, primary_key=True),
    Column("rule_id", _TEXT, nullable=False),
    Column("rule_version", _TEXT, nullable=False),
    Column("title", _TEXT, nullable=False),
    Column("severity", _TEXT, nullable=False),
    Column("response", _TEXT, nullable=False),
    Column("group_values", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Column("place", _TEXT),
    Column("lat", Float),
    Column("lon", Float),
    Column("historic", Boolean, nullable=False),
    Column("acknowledged_by", _TEXT),
    Column("closed_at", BigInteger),
    Column("merged_into", _TEXT),
    Index(None, "state", "raised_at"),
    Index(None, "merged_into"),
)

TIMELINE = Table(
    "timeline",
    METADATA,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("incident_id", _TEXT, ForeignKey("incidents.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", _TEXT, nullable=False),
    Column("action", _TEXT, nullable=False),
    Column("detail", _TEXT, nullable=False),
    Index(None, "incident_id"),
)

STAGE_REPORTS = Table(
    "stage_reports",
    METADATA,
    Column("process", _TEXT, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("report", _TEXT, nullable=False),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("message_id", _TEXT, primary_key=True),
    Column("incident_id", _TEXT, ForeignKey("incidents.id"), nullable=False),
    Column("channel", _TEXT, nullable=False),
    Column("status", _TEXT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("detail", _TEXT, nullable=False),
    Column("about", _TEXT, nullable=False, server_default="incident"),
    Index(None, "status", "due_at"),
    Index(None, "incident_id"),
)
