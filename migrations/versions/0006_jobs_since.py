"""From when on a job was to be done: what waits for one address is told in this order."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("since", sa.BigInteger(), nullable=True))
    op.execute("UPDATE jobs SET since = due_at")
    op.create_index("ix_jobs_target_since", "jobs", ["target", "since"])


def downgrade() -> None:
    op.drop_index("ix_jobs_target_since", "jobs")
    op.drop_column("jobs", "since")
