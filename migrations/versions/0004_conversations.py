"""People in chat: who brought a question about and who may answer it, and where a conversation goes
on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("asker", sa.String(length=128), nullable=True))
    for name, usual in (("answered_by", "'anyone'"), ("role", "'operator'")):
        op.add_column(
            "approvals",
            sa.Column(name, sa.String(length=128), nullable=False, server_default=sa.text(usual)),
        )
    op.create_table(
        "conversations",
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("webhook", sa.String(length=128), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_conversations"),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name="fk_conversations_event"),
    )


def downgrade() -> None:
    op.drop_table("conversations")
    for name in ("role", "answered_by", "asker"):
        op.drop_column("approvals", name)
