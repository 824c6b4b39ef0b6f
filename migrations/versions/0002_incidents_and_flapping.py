"""Ranks and memos of scopes; exact times, what was known, incidents, flapping, hands-off."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # with defaults, so that a row that is there needs no rewriting: SQLite would have to drop
    # tables others refer to
    op.add_column("scopes", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("scopes", sa.Column("began_at", sa.BigInteger(), nullable=True))
    op.add_column("scopes", sa.Column("memo", sa.JSON(), nullable=True))
    op.create_index("ix_scopes_server_rank_due_at", "scopes", ["server", "rank", "due_at"])
    op.add_column("objects", sa.Column("last_seen", sa.BigInteger(), nullable=True))
    op.add_column(
        "events", sa.Column("exact", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("events", sa.Column("known", sa.JSON(), nullable=True))
    op.create_index("ix_events_server_subject_time", "events", ["server", "subject", "time"])
    op.create_index("ix_events_server_type_time", "events", ["server", "type", "time"])

    _incidents()
    _states()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("cause", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("bonds", sa.JSON(), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_incidents"),
        sa.UniqueConstraint("id", name="uq_incidents_id"),
    )
    op.create_index("ix_incidents_server_last", "incidents", ["server", "last"])
    op.create_table(
        "members",
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("incident", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_members"),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name="fk_members_event"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_members_incident"),
    )
    op.create_index("ix_members_incident", "members", ["incident"])


def _states() -> None:
    op.create_table(
        "flaps",
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("server", "leg", name="pk_flaps"),
    )
    op.create_table(
        "hands_off",
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("bond", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server", "bond", name="pk_hands_off"),
    )


def downgrade() -> None:
    for name in ("hands_off", "flaps", "members", "incidents"):
        op.drop_table(name)
    op.drop_index("ix_events_server_type_time", "events")
    op.drop_index("ix_events_server_subject_time", "events")
    op.drop_index("ix_scopes_server_rank_due_at", "scopes")
    for table, names in (("events", ("known", "exact")), ("scopes", ("memo", "began_at", "rank"))):
        for name in names:
            op.drop_column(table, name)
