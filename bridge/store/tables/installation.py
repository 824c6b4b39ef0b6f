"""What is true of the whole installation, however many machines it has."""

from sqlalchemy import Column, Table

from bridge.store.tables.columns import NAME, metadata

installation = Table(
    "installation",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", NAME, nullable=False),
)
