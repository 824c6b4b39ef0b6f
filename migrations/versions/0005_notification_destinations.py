"""Outlets: the addresses of channels, how each is doing, what was told at which, and what of it
lasts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outlets",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("gathers_since", sa.BigInteger(), nullable=True),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_outlets"),
    )
    _tellings()
    _open_notices()


def _tellings() -> None:
    op.create_table(
        "tellings",
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("repeat", sa.Float(), nullable=True),
        sa.Column("repeat_at", sa.BigInteger(), nullable=True),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("escalate", sa.JSON(), nullable=True),
        sa.Column("escalate_at", sa.BigInteger(), nullable=True),
        sa.Column("acked_at", sa.BigInteger(), nullable=True),
        sa.Column("acked_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job", name="pk_tellings"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_tellings_job"),
    )
    op.create_index("ix_tellings_event", "tellings", ["event"])
    op.create_index("ix_tellings_ended_at_server", "tellings", ["ended_at", "server"])


def _open_notices() -> None:
    """Notices that are not told yet find their address."""
    jobs = sa.table(
        "jobs",
        *(sa.column(name) for name in ("id", "action", "state", "target")),
        sa.column("request", sa.JSON()),
    )
    open_ones = sa.and_(jobs.c.action == "notify", jobs.c.state.in_(("waiting", "held", "due")))
    bind = op.get_bind()
    for row in bind.execute(sa.select(jobs.c.id, jobs.c.request).where(open_ones)).all():
        target = f"{row.request['to']}/{row.request['target']}"
        bind.execute(sa.update(jobs).where(jobs.c.id == row.id).values(target=target))


def downgrade() -> None:
    op.drop_table("tellings")
    op.drop_table("outlets")
