"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cooldowns",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_cooldowns"),
    )
    op.create_index("ix_cooldowns_decision", "cooldowns", ["decision"])

    op.create_table(
        "events",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
    )
    op.create_index("ix_events_decided_server_seq", "events", ["decided", "server", "seq"])
    op.create_index("ix_events_type", "events", ["type"])

    op.create_table(
        "facts",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_facts"),
    )
    op.create_table(
        "objects",
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=128), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("server", "kind", "id", name="pk_objects"),
    )
    op.create_index("ix_objects_server_scope", "objects", ["server", "scope"])

    op.create_table(
        "rulebooks",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_rulebooks"),
    )
    op.create_index("ix_rulebooks_adopted_at", "rulebooks", ["adopted_at"])

    op.create_table(
        "scopes",
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("offset_seconds", sa.Float(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("server", "name", name="pk_scopes"),
    )
    op.create_index("ix_scopes_due_at", "scopes", ["due_at"])

    op.create_table(
        "servers",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("health", sa.String(length=128), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_servers"),
    )
    op.create_table(
        "tokens",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("rulebook", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.String(length=64), nullable=False),
        sa.Column("ruling", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.Column("cooldown", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name="fk_decisions_event"),
        sa.ForeignKeyConstraint(["facts"], ["facts.hash"], name="fk_decisions_facts"),
        sa.PrimaryKeyConstraint("seq", name="pk_decisions"),
        sa.UniqueConstraint("event", "rule", name="uq_decisions_event_rule"),
        sa.UniqueConstraint("id", name="uq_decisions_id"),
    )
    op.create_index("ix_decisions_rule", "decisions", ["rule"])

    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=128), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("retry", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_jobs_decision"),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name="fk_jobs_event"),
        sa.PrimaryKeyConstraint("seq", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
    )
    op.create_index("ix_jobs_decision", "jobs", ["decision"])
    op.create_index("ix_jobs_event", "jobs", ["event"])
    op.create_index("ix_jobs_state_due_at", "jobs", ["state", "due_at"])

    op.create_table(
        "attempts",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=128), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=128), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_attempts_job"),
        sa.PrimaryKeyConstraint("seq", name="pk_attempts"),
        sa.UniqueConstraint("job", "n", name="uq_attempts_job_n"),
    )
    op.create_table(
        "verdicts",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ruling", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_verdicts_decision"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_verdicts_job"),
        sa.PrimaryKeyConstraint("seq", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_decision", "verdicts", ["decision"])


def downgrade() -> None:
    op.drop_index("ix_verdicts_decision", "verdicts")

    op.drop_table("verdicts")
    op.drop_table("attempts")
    op.drop_index("ix_jobs_state_due_at", "jobs")
    op.drop_index("ix_jobs_event", "jobs")
    op.drop_index("ix_jobs_decision", "jobs")

    op.drop_table("jobs")
    op.drop_index("ix_decisions_rule", "decisions")

    op.drop_table("decisions")
    op.drop_table("tokens")
    op.drop_table("servers")
    op.drop_index("ix_scopes_due_at", "scopes")

    op.drop_table("scopes")
    op.drop_index("ix_rulebooks_adopted_at", "rulebooks")

    op.drop_table("rulebooks")
    op.drop_index("ix_objects_server_scope", "objects")

    op.drop_table("objects")
    op.drop_table("facts")
    op.drop_index("ix_events_type", "events")
    op.drop_index("ix_events_decided_server_seq", "events")

    op.drop_table("events")
    op.drop_index("ix_cooldowns_decision", "cooldowns")

    op.drop_table("cooldowns")
