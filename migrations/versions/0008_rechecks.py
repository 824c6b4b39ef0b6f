"""What lasts is judged again when a reason not to tell of it has ended; an incident lets go of
bonds that are well again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rechecks",
        sa.Column("server", sa.String(128), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("ripe_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("server", "type", "subject", name="pk_rechecks"),
    )
    op.create_index("ix_rechecks_due_at", "rechecks", ["due_at"])
    op.add_column("incidents", sa.Column("released", sa.JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("incidents", "released")
    op.drop_index("ix_rechecks_due_at", "rechecks")
    op.drop_table("rechecks")
