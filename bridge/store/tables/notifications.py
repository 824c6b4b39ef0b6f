"""Telling: the outlets, one for each address of a channel, and how each of them is doing."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, Table

from bridge.store.column_types import Label, Moment, Words
from bridge.store.tables.columns import ID, NAME, lease, metadata

outlets = Table(
    "outlets",
    metadata,
    # "noc/0": the channel and which of its addresses
    Column("key", Label, primary_key=True),
    # since when notices are gathered for a digest
    Column("gathers_since", Moment),
    # when the last messages were sent, for its rate
    Column("recent", JSON, nullable=False, default=list),
    # it takes nothing: how often it was tried, since when, until when it is left alone, what it
    # last said
    Column("failures", Integer, nullable=False, default=0),
    Column("failing_since", Moment),
    Column("again_at", Moment),
    Column("said", Words),
    # whether people know that it takes nothing
    Column("told", Boolean, nullable=False, default=False),
    *lease(),
)

# what people at one address were told of and may wait for the end of; its id is that of the notice
# that told it
tellings = Table(
    "tellings",
    metadata,
    Column("job", ID, ForeignKey("jobs.id"), primary_key=True),
    Column("event", ID, nullable=False, index=True),
    Column("server", NAME, nullable=False),
    Column("type", NAME, nullable=False),
    Column("told_at", Moment, nullable=False),
    # while it lasts it is told again: every so many seconds, when next, how often it was
    Column("repeat", Float),
    Column("repeat_at", Moment),
    Column("repeated", Integer, nullable=False, default=0),
    # who else, where nobody has acknowledged it by then: {"to": "oncall", "targets": 2}
    Column("escalate", JSON(none_as_null=True)),
    Column("escalate_at", Moment),
    Column("acked_at", Moment),
    Column("acked_by", Words),
    Column("ended_at", Moment),
    Index(None, "ended_at", "server"),
)
