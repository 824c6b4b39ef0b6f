"""Waiting, asking, limits: what rules wait for, what holds actions back, what people are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _added() -> dict[str, list[sa.Column]]:
    """The columns that tables get, each time anew: a column belongs to one table once."""
    return {
        "events": [sa.Column("only", sa.String(length=128), nullable=True)],
        "decisions": [
            sa.Column(
                "server", sa.String(length=128), nullable=False, server_default=sa.text("''")
            ),
            sa.Column("due_at", sa.BigInteger(), nullable=True),
            sa.Column("gathering", sa.String(length=64), nullable=True),
            sa.Column("events", sa.JSON(), nullable=True),
            sa.Column("about", sa.Text(), nullable=False, server_default=sa.text("''")),
        ],
        "jobs": [
            sa.Column(
                "target", sa.String(length=128), nullable=False, server_default=sa.text("''")
            ),
            sa.Column("rollout", sa.JSON(), nullable=True),
            sa.Column("verify", sa.JSON(), nullable=True),
            sa.Column("verify_until", sa.BigInteger(), nullable=True),
            sa.Column("parent", sa.String(length=64), nullable=True),
        ],
        "verdicts": [
            sa.Column("facts", sa.String(length=64), nullable=True),
            sa.Column("trace", sa.JSON(), nullable=True),
            sa.Column("until", sa.BigInteger(), nullable=True),
        ],
        "cooldowns": [
            sa.Column("server", sa.String(length=128), nullable=False, server_default=sa.text("''"))
        ],
    }


_INDEXED = (
    ("decisions", ("gathering",)),
    ("decisions", ("server", "due_at")),
    ("decisions", ("rule", "server", "seq")),
    ("jobs", ("server", "target")),
)
_TABLES = (
    "sweeps",
    "schedules",
    "undos",
    "approvals",
    "spendings",
    "meters",
    "locks",
    "breakers",
    "silences",
    "pauses",
    "gatherings",
)


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    for table, names in _INDEXED:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))
    _of_servers()
    # a cooldown says itself which decision holds it
    op.drop_column("decisions", "cooldown")
    _holds()
    _waits()


def _of_servers() -> None:
    """What was decided before belongs to a server too: a cooldown that holds must go on holding."""
    about = "SELECT events.server FROM events WHERE events.id = decisions.event"
    op.execute(f"UPDATE decisions SET server = ({about})")  # noqa: S608  our own words
    of_decision = "SELECT decisions.server FROM decisions WHERE decisions.id = cooldowns.decision"
    # the same
    op.execute(f"UPDATE cooldowns SET server = COALESCE(({of_decision}), '')")  # noqa: S608


def _holds() -> None:
    op.create_table(
        "pauses",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_pauses"),
    )
    op.create_table(
        "silences",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("about", sa.String(length=128), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("acts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_silences"),
        sa.UniqueConstraint("id", name="uq_silences_id"),
    )
    op.create_index("ix_silences_server_until", "silences", ["server", "until"])
    op.create_table(
        "breakers",
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("tripped_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("rule", "server", name="pk_breakers"),
    )
    op.create_table(
        "locks",
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server", "target", name="pk_locks"),
    )
    op.create_index("ix_locks_job", "locks", ["job"])
    op.create_table(
        "meters",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meters"),
    )
    op.create_table(
        "spendings",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_spendings"),
    )
    op.create_index("ix_spendings_key_at", "spendings", ["key", "at"])


def _waits() -> None:
    op.create_table(
        "gatherings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gatherings"),
    )
    op.create_index(
        "ix_gatherings_server_closed_until", "gatherings", ["server", "closed", "until"]
    )
    op.create_table(
        "approvals",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("to", sa.String(length=128), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_approvals"),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_approvals_decision"),
        sa.UniqueConstraint("id", name="uq_approvals_id"),
    )
    op.create_index("ix_approvals_decision", "approvals", ["decision"])
    op.create_index("ix_approvals_state_expires_at", "approvals", ["state", "expires_at"])
    op.create_table(
        "undos",
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", name="pk_undos"),
    )
    op.create_table(
        "schedules",
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("cron", sa.String(length=128), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "server", name="pk_schedules"),
    )
    op.create_index("ix_schedules_due_at", "schedules", ["due_at"])
    op.create_table(
        "sweeps",
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("occasion", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "server", name="pk_sweeps"),
    )


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
    for table, names in reversed(_INDEXED):
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    op.add_column("decisions", sa.Column("cooldown", sa.String(length=64), nullable=True))
    for table, columns in _added().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
