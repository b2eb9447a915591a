"""The first tables: cursors, coverage, what alerts are made of, incidents and deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "contributions",
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("collected_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("excerpt", _TEXT),
        sa.Column("place", _TEXT),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("uid", "series", name="pk_contributions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contributions_account", "contributions", ["account"])
    op.create_index(
        "ix_contributions_series_event_at_withdrawn_at",
        "contributions",
        ["series", "event_at", "withdrawn_at"],
    )
    op.create_table(
        "coverage",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("trusted_until", sa.BigInteger(), nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coverage"),
    )
    op.create_index("ix_coverage_source_until", "coverage", ["source", "until"])
    op.create_table(
        "cursors",
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_cursors"),
    )
    op.create_table(
        "episodes",
        sa.Column("series", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("alarm_at", sa.BigInteger()),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("spot_at", sa.BigInteger()),
        sa.Column("place", _TEXT),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.PrimaryKeyConstraint("series", "last_at", name="pk_episodes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incidents",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("rule_id", _TEXT, nullable=False),
        sa.Column("rule_version", _TEXT, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("severity", _TEXT, nullable=False),
        sa.Column("response", _TEXT, nullable=False),
        sa.Column("group_values", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("place", _TEXT),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("historic", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_by", _TEXT),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("merged_into", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_merged_into", "incidents", ["merged_into"])
    op.create_index("ix_incidents_state_raised_at", "incidents", ["state", "raised_at"])
    op.create_table(
        "series",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_id", _TEXT, nullable=False),
        sa.Column("group_values", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_series"),
    )
    op.create_table(
        "standings",
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("withheld", sa.BigInteger()),
        sa.Column("restored", sa.BigInteger()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_standings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deleted_accounts",
        sa.Column("account", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_deleted_accounts"),
    )
    op.create_table(
        "deliveries",
        sa.Column("message_id", _TEXT, nullable=False),
        sa.Column("incident_id", _TEXT, nullable=False),
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("detail", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name="fk_deliveries_incident_id"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_incident_id", "deliveries", ["incident_id"])
    op.create_index("ix_deliveries_status_due_at", "deliveries", ["status", "due_at"])
    op.create_table(
        "timeline",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("incident_id", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("detail", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_timeline_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
    )
    op.create_index("ix_timeline_incident_id", "timeline", ["incident_id"])
