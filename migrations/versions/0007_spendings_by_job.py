"""A call is counted from its answer on: what counts is found by its job."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_spendings_job", "spendings", ["job"])


def downgrade() -> None:
    op.drop_index("ix_spendings_job", "spendings")
