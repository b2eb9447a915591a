"""What every kind of rule asks of a post, how far rules have looked, and what edits undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add columns with what old rows mean by default, and three tables."""
    op.add_column(
        "contributions", sa.Column("cluster", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("contributions", sa.Column("field_values", _TEXT))
    op.add_column("contributions", sa.Column("number", sa.Float()))
    op.add_column("standings", sa.Column("edited", sa.BigInteger()))
    op.add_column(
        "deliveries", sa.Column("about", _TEXT, nullable=False, server_default="incident")
    )
    op.create_index("ix_series_rule_id", "series", ["rule_id"])
    op.create_table(
        "watches",
        sa.Column("rule_id", _TEXT, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("judged_until", sa.BigInteger(), nullable=False),
        sa.Column("unsure", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name="pk_watches"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "good_rules",
        sa.Column("rule_id", _TEXT, nullable=False),
        sa.Column("version", _TEXT, nullable=False),
        sa.Column("file", _TEXT, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("definition", _TEXT, nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name="pk_good_rules"),
        sqlite_with_rowid=False,
    )
