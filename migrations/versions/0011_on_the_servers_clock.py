"""When events happened by the server's own clock, which stays true when ours is set."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("server_from", sa.BigInteger, nullable=True))
    op.add_column("events", sa.Column("server_until", sa.BigInteger, nullable=True))


def downgrade() -> None:
    op.drop_column("events", "server_until")
    op.drop_column("events", "server_from")
