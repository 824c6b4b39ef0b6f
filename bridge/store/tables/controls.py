"""What holds actions back, what people are asked, what rules wait for, and who may come in."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from bridge.store.column_types import Label, Long, Moment, Words
from bridge.store.tables.columns import ID, NAME, metadata

# all acting on a server, or on all of them (""), stands still until `ended_at`; telling goes on
pauses = Table(
    "pauses",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("server", NAME, nullable=False),
    Column("since", Moment, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Words),
)

# a stretch of time in which matching events do not tell or, with `acts`, do not act either
silences = Table(
    "silences",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("server", NAME, nullable=False),
    Column("types", JSON, nullable=False),
    # such as "bond/3", "leg/12", "space/acme"; "" for all of the server
    Column("about", Label, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("acts", Boolean, nullable=False),
    Index(None, "server", "until"),
)

# what lasts and some rule was kept from telling: by which event it began, from when on it is to be
# seen to last, and when that is looked at
rechecks = Table(
    "rechecks",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("type", NAME, primary_key=True),
    Column("subject", Label, primary_key=True),
    Column("event", ID, nullable=False),
    Column("ripe_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
)

# rules that too much of what they did has failed of
breakers = Table(
    "breakers",
    metadata,
    Column("rule", NAME, primary_key=True),
    Column("server", NAME, primary_key=True),
    # failures count from here on
    Column("since", Moment, nullable=False),
    Column("tripped_at", Moment),
    Column("why", Words),
)

# which job is at work on an object; one that ends lets go
locks = Table(
    "locks",
    metadata,
    Column("server", NAME, primary_key=True),
    Column("target", Label, primary_key=True),
    Column("job", ID, nullable=False, index=True),
    Column("since", Moment, nullable=False),
)

# one row per limit, locked while it is looked at: two workers must not both take the last place
meters = Table(
    "meters",
    metadata,
    Column("key", Label, primary_key=True),
    Column("taken", Integer, nullable=False),
)

# every call that counts against a limit
spendings = Table(
    "spendings",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", Label, nullable=False),
    # of the call's answer; until that is in, of its intent
    Column("at", Moment, nullable=False),
    Column("job", ID, nullable=False, index=True),
    Index(None, "key", "at"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("decision", ID, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("rule", NAME, nullable=False),
    Column("server", NAME, nullable=False),
    Column("reason", NAME, nullable=False),
    Column("detail", Words, nullable=False),
    # of the exact plan: what was asked about is what is done
    Column("digest", ID, nullable=False),
    Column("to", NAME),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # asked, granted, denied or expired
    Column("state", NAME, nullable=False),
    Column("who", Words),
    Column("decided_at", Moment),
    # who brought it about, as "slack/U123" or a name of the settings; null where nobody did
    Column("asker", Long),
    # "asker": a confirmation, theirs alone; "others": not theirs; "anyone"
    Column("answered_by", NAME, nullable=False, default="anyone", server_default=text("'anyone'")),
    # the role that an answer from chat needs
    Column("role", NAME, nullable=False, default="operator", server_default=text("'operator'")),
    Index(None, "state", "expires_at"),
)

# where what comes of a command is told: its address is sealed, since anyone who has it may write
# there
conversations = Table(
    "conversations",
    metadata,
    Column("event", ID, ForeignKey("events.id"), primary_key=True),
    Column("webhook", NAME, nullable=False),
    Column("address", Words, nullable=False),
    # machine time: platforms take no answers after it
    Column("until", Moment, nullable=False),
)

# what a call changed, as it was before, so that it can be put back
undos = Table(
    "undos",
    metadata,
    Column("job", ID, primary_key=True),
    Column("server", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    # [{"operation": …, "arguments": …, "body": …}]: the calls that put it back
    Column("calls", JSON, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", Words),
)

# when a rule's schedule is next due on a server
schedules = Table(
    "schedules",
    metadata,
    Column("rule", NAME, primary_key=True),
    Column("server", NAME, primary_key=True),
    Column("cron", Long, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
)

# for which state of things each rule has looked for what already is so
sweeps = Table(
    "sweeps",
    metadata,
    Column("rule", NAME, primary_key=True),
    Column("server", NAME, primary_key=True),
    Column("occasion", ID, nullable=False),
    Column("at", Moment, nullable=False),
)

# `expires_at` is machine time; a token that is `once` is spent by its first use
tokens = Table(
    "tokens",
    metadata,
    Column("name", Label, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("expires_at", Moment),
    Column("once", Boolean, nullable=False, default=False),
)
