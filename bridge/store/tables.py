"""The tables. Their history is in `migrations/`; a test holds the two together.

Moments are domain time unless their name says otherwise; leases are seconds by the database's own clock.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
)

from bridge.store.types import Moment, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)
_NAME = String(128)


def _lease() -> tuple[Column[float], Column[int]]:
    """Who holds the row, and until when: `fence` grows with every claim, so that one who comes back late is known."""
    return Column("lease_until", Float), Column("fence", Integer, nullable=False, default=0)


servers = Table(
    "servers",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("health", _NAME, nullable=False, default="unknown"),
    Column("counts", JSON, nullable=False, default=dict),
    *_lease(),
)

scopes = Table(
    "scopes",
    metadata,
    Column("server", _NAME, primary_key=True),
    Column("name", _NAME, primary_key=True),
    Column("version", Integer, nullable=False, default=0),
    Column("polled_at", Moment),
    Column("offset_seconds", Float, nullable=False, default=0.0),
    Column("due_at", Moment, nullable=False, index=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("problem", Words),
    # 0: at its interval · 1: brought forward · 2: in rotation, as the request budget allows
    Column("rank", Integer, nullable=False, default=0, server_default="0"),
    # when the newest recorded walk began, and what is to be remembered from one poll to the next
    Column("began_at", Moment),
    Column("memo", JSON(none_as_null=True)),
    *_lease(),
    Index(None, "server", "rank", "due_at"),
)

objects = Table(
    "objects",
    metadata,
    Column("server", _NAME, primary_key=True),
    Column("kind", _NAME, primary_key=True),
    Column("id", _NAME, primary_key=True),
    Column("scope", _NAME, nullable=False),
    Column("body", JSON, nullable=False),
    Column("raw", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("missing_since", Moment),
    Column("gone", Boolean, nullable=False, default=False),
    Column("last_seen", Moment),
    Index(None, "server", "scope"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("type", _NAME, nullable=False, index=True),
    Column("server", _NAME, nullable=False),
    Column("subject", _NAME, nullable=False),
    Column("time", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("data", JSON, nullable=False),
    Column("decided", Boolean, nullable=False, default=False),
    Column("exact", Boolean, nullable=False, default=False, server_default=false()),
    # what was known about it when it was decided; null until it has been interpreted
    Column("known", JSON(none_as_null=True)),
    Index(None, "decided", "server", "seq"),
    Index(None, "server", "subject", "time"),
    Index(None, "server", "type", "time"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("server", _NAME, nullable=False),
    Column("cause", _NAME, nullable=False),
    Column("key", _NAME, nullable=False),
    Column("name", Words),
    Column("state", _NAME, nullable=False),
    Column("began", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("ended", Moment),
    Column("bonds", JSON, nullable=False),
    Column("legs", JSON, nullable=False),
    Column("touched", Moment, nullable=False),
    # when it is looked at again; null when it is over
    Column("due_at", Moment),
    Index(None, "server", "last"),
)

# an event has at most one owner, fixed when attached
members = Table(
    "members",
    metadata,
    Column("event", _ID, ForeignKey("events.id"), primary_key=True),
    Column("incident", _ID, ForeignKey("incidents.id"), nullable=False, index=True),
)

# how near each leg is to flapping; `due_at`: when its spell ends if nothing more changes
flaps = Table(
    "flaps",
    metadata,
    Column("server", _NAME, primary_key=True),
    Column("leg", Integer, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at", Moment),
    Column("since", Moment),
    Column("changes", Integer, nullable=False),
    Column("due_at", Moment),
)

# bonds that somebody is working on: no action touches them until then
hands_off = Table(
    "hands_off",
    metadata,
    Column("server", _NAME, primary_key=True),
    Column("bond", Integer, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("hash", _ID, primary_key=True),
    Column("body", JSON, nullable=False),
)

rulebooks = Table(
    "rulebooks",
    metadata,
    Column("hash", _ID, primary_key=True),
    Column("sources", JSON, nullable=False),
    Column("adopted_at", Moment, nullable=False, index=True),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("event", _ID, ForeignKey("events.id"), nullable=False),
    Column("rule", _NAME, nullable=False, index=True),
    Column("rulebook", _ID, nullable=False),
    Column("facts", _ID, ForeignKey("facts.hash"), nullable=False),
    Column("ruling", _NAME, nullable=False),
    Column("reason", _NAME),
    Column("detail", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("trace", JSON, nullable=False),
    Column("cooldown", _ID),
    UniqueConstraint("event", "rule"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("decision", _ID, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("event", _ID, ForeignKey("events.id"), nullable=False, index=True),
    Column("rule", _NAME, nullable=False),
    Column("server", _NAME, nullable=False),
    Column("step", Integer, nullable=False),
    Column("action", _NAME, nullable=False),
    Column("request", JSON, nullable=False),
    Column("retry", JSON, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("doubt", Boolean, nullable=False, default=False),
    Column("attempts", Integer, nullable=False, default=0),
    *_lease(),
    Index(None, "state", "due_at"),
)

# every run of the guards, when deciding and before each attempt
verdicts = Table(
    "verdicts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("decision", _ID, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("job", _ID, ForeignKey("jobs.id")),
    Column("at", Moment, nullable=False),
    Column("ruling", _NAME, nullable=False),
    Column("reason", _NAME),
    Column("detail", Words, nullable=False),
)

# `outcome` is null while the request is on its way: if that lasts past the lease, nobody knows what became of it
attempts = Table(
    "attempts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("job", _ID, ForeignKey("jobs.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("what", _NAME, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", _NAME),
    Column("detail", Words),
    UniqueConstraint("job", "n"),
)

cooldowns = Table(
    "cooldowns",
    metadata,
    Column("key", _ID, primary_key=True),
    Column("decision", _ID, nullable=False, index=True),
    Column("ended_at", Moment),
)

# `expires_at` is machine time; a token that is `once` is spent by its first use
tokens = Table(
    "tokens",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("expires_at", Moment),
    Column("once", Boolean, nullable=False, default=False),
)
