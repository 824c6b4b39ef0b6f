"""What the tables share: their naming, the kinds of column that many have."""

from sqlalchemy import (
    Column,
    Float,
    Integer,
    MetaData,
    String,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(64)
NAME = String(128)


def lease() -> tuple[Column[float], Column[int]]:
    """Who holds the row, and until when: `fence` grows with every claim, so that one who comes back
    late is known.
    """
    return Column("lease_until", Float), Column("fence", Integer, nullable=False, default=0)
