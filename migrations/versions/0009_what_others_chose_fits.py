"""Ids, keys and names that others chose fit whatever they are; what our own code failed on is kept.

On SQLite no column has a length, and every whole number has 64 bits: there the columns stay as they
are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LABELS = (
    ("scopes", "name"),
    ("objects", "id"),
    ("objects", "scope"),
    ("events", "subject"),
    ("incidents", "key"),
    ("jobs", "target"),
    ("silences", "about"),
    ("locks", "target"),
    ("meters", "key"),
    ("spendings", "key"),
    ("approvals", "asker"),
    ("schedules", "cron"),
    ("tokens", "name"),
    ("outlets", "key"),
    ("rechecks", "subject"),
)
_NUMBERS = (("flaps", "leg"), ("hands_off", "bond"))


def upgrade() -> None:
    op.create_table(
        "faults",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("spells", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_faults"),
    )
    op.create_index("ix_faults_last_at", "faults", ["last_at"])
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _LABELS:
            op.alter_column(table, column, type_=sa.Text())
        for table, column in _NUMBERS:
            op.alter_column(table, column, type_=sa.BigInteger())


def downgrade() -> None:
    """What is longer or larger by now stays in columns that take it."""
    op.drop_index("ix_faults_last_at", "faults")
    op.drop_table("faults")
