"""What was decided, and what is done about it: decisions, jobs, attempts."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from bridge.store.column_types import Label, Moment, Words
from bridge.store.tables.columns import ID, NAME, lease, metadata

facts = Table(
    "facts",
    metadata,
    Column("hash", ID, primary_key=True),
    Column("body", JSON, nullable=False),
)

rulebooks = Table(
    "rulebooks",
    metadata,
    Column("hash", ID, primary_key=True),
    Column("sources", JSON, nullable=False),
    Column("adopted_at", Moment, nullable=False, index=True),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("event", ID, ForeignKey("events.id"), nullable=False),
    Column("rule", NAME, nullable=False, index=True),
    Column("rulebook", ID, nullable=False),
    Column("facts", ID, ForeignKey("facts.hash"), nullable=False),
    Column("ruling", NAME, nullable=False),
    Column("reason", NAME),
    Column("detail", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("trace", JSON, nullable=False),
    Column("server", NAME, nullable=False, default="", server_default=text("''")),
    # when it is judged again; null when it is settled
    Column("due_at", Moment),
    # the group that its event waits in or went with; of a group's own decision, all its events
    Column("gathering", ID, index=True),
    Column("events", JSON(none_as_null=True)),
    Column("about", Words, nullable=False, default="", server_default=text("''")),
    UniqueConstraint("event", "rule"),
    Index(None, "server", "due_at"),
    Index(None, "rule", "server", "seq"),
)

# events that wait to be decided together; `closed`: the decision has been made
gatherings = Table(
    "gatherings",
    metadata,
    Column("id", ID, primary_key=True),
    Column("rule", NAME, nullable=False),
    Column("server", NAME, nullable=False),
    Column("key", Words, nullable=False),
    Column("until", Moment, nullable=False),
    Column("members", Integer, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Index(None, "server", "closed", "until"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("decision", ID, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("event", ID, ForeignKey("events.id"), nullable=False, index=True),
    Column("rule", NAME, nullable=False),
    Column("server", NAME, nullable=False),
    Column("step", Integer, nullable=False),
    Column("action", NAME, nullable=False),
    Column("request", JSON, nullable=False),
    Column("retry", JSON, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("state", NAME, nullable=False),
    Column("doubt", Boolean, nullable=False, default=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("target", Label, nullable=False, default="", server_default=text("''")),
    Column("rollout", JSON(none_as_null=True)),
    Column("verify", JSON(none_as_null=True)),
    Column("verify_until", Moment),
    Column("parent", ID),
    # from when on it was to be done: what waits for one address is told in this order
    Column("since", Moment),
    *lease(),
    Index(None, "state", "due_at"),
    Index(None, "server", "target"),
    Index(None, "target", "since"),
)

# every run of the guards, when deciding and before each attempt
verdicts = Table(
    "verdicts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("decision", ID, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("job", ID, ForeignKey("jobs.id")),
    Column("at", Moment, nullable=False),
    Column("ruling", NAME, nullable=False),
    Column("reason", NAME),
    Column("detail", Words, nullable=False),
    # what it was made from (a hash of `facts`), and what each guard said
    Column("facts", ID),
    Column("trace", JSON(none_as_null=True)),
    # of a wait: until when
    Column("until", Moment),
)

# `outcome` is null while the request is on its way: if that lasts past the lease, nobody knows what
# became of it
attempts = Table(
    "attempts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("job", ID, ForeignKey("jobs.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("what", NAME, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", NAME),
    Column("detail", Words),
    UniqueConstraint("job", "n"),
)

cooldowns = Table(
    "cooldowns",
    metadata,
    Column("key", ID, primary_key=True),
    Column("decision", ID, nullable=False, index=True),
    Column("ended_at", Moment),
    Column("server", NAME, nullable=False, default="", server_default=text("''")),
)
