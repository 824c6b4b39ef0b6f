"""What was seen, what happened, and what it means together."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    false,
)

from bridge.store.column_types import Label, Moment, Number, Words
from bridge.store.tables.columns import ID, NAME, lease, metadata

servers = Table(
    "servers",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("health", NAME, nullable=False, default="unknown"),
    Column("counts", JSON, nullable=False, default=dict),
    *lease(),
)

scopes = Table(
    "scopes",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("name", Label, primary_key=True),
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
    *lease(),
    Index(None, "server", "rank", "due_at"),
)

objects = Table(
    "objects",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("kind", NAME, primary_key=True),
    Column("id", Label, primary_key=True),
    Column("scope", Label, nullable=False),
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
    Column("id", ID, nullable=False, unique=True),
    Column("type", NAME, nullable=False, index=True),
    Column("server", NAME, nullable=False),
    Column("subject", Label, nullable=False),
    Column("time", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("data", JSON, nullable=False),
    Column("decided", Boolean, nullable=False, default=False),
    Column("exact", Boolean, nullable=False, default=False, server_default=false()),
    # what was known about it when it was decided; null until it has been interpreted
    Column("known", JSON(none_as_null=True)),
    # the one rule that it was found for
    Column("only", NAME),
    # between which times of the server's own clock it happened; its own history's time stands in
    # both
    Column("server_from", Moment),
    Column("server_until", Moment),
    Index(None, "decided", "server", "seq"),
    Index(None, "server", "subject", "time"),
    Index(None, "server", "type", "time"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("server", NAME, nullable=False),
    Column("cause", NAME, nullable=False),
    Column("key", Label, nullable=False),
    Column("name", Words),
    Column("state", NAME, nullable=False),
    Column("began", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("ended", Moment),
    Column("bonds", JSON, nullable=False),
    Column("legs", JSON, nullable=False),
    # bonds that it has let go of: they were well again for a while
    Column("released", JSON(none_as_null=True)),
    Column("touched", Moment, nullable=False),
    # when it is looked at again; null when it is over
    Column("due_at", Moment),
    Index(None, "server", "last"),
)

# an event has at most one owner, fixed when attached
members = Table(
    "members",
    metadata,
    Column("event", ID, ForeignKey("events.id"), primary_key=True),
    Column("incident", ID, ForeignKey("incidents.id"), nullable=False, index=True),
)

# how near each leg is to flapping; `since`: the first change counted; `due_at`: when its spell ends
# if nothing more changes, null where there is none
flaps = Table(
    "flaps",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("leg", Number, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at", Moment),
    Column("since", Moment),
    Column("changes", Integer, nullable=False),
    Column("due_at", Moment),
)

# what our own code failed on: at which step and on what; `spells`: how often it was told, once
# until it is quiet for a while
faults = Table(
    "faults",
    metadata,
    Column("id", ID, primary_key=True),
    Column("server", NAME, nullable=False),
    Column("step", NAME, nullable=False),
    Column("about", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("spells", Integer, nullable=False),
)

# bonds that somebody is working on: no action touches them until then
hands_off = Table(
    "hands_off",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("bond", Number, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
)
