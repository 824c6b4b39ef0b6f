"""Tokens for the pages and the API. Only their SHA-256 is kept: they are 256 random bits, so
nothing slower is needed.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from bridge.core.person_names import same
from bridge.store.column_types import insert_new
from bridge.store.tables import tokens

# how sign-ins by a link are called: nobody in particular
SIGN_IN = "sign-in-"
_PREFIX = "bbt_"  # so that a leaked one can be recognised by a scanner


def create(
    connection: Connection, name: str, *, expires_at: datetime | None = None, once: bool = False
) -> str | None:
    """A new token in clear, shown now and never again; None if the name is taken, or one that is
    the same person's.
    """
    name = name.strip()
    if taken(connection, name) is not None:
        return None
    token = _PREFIX + secrets.token_urlsafe(32)
    row = {"name": name, "digest": _digest(token), "expires_at": expires_at, "once": once}
    if insert_new(connection, tokens, row):
        return token
    return None


def taken(connection: Connection, name: str) -> str | None:
    """The name of a token that is the same person's as this name; None where there is none."""
    return next(
        (each for each in connection.execute(select(tokens.c.name)).scalars() if same(each, name)),
        None,
    )


def holder(connection: Connection, token: str, now: datetime) -> str | None:
    """Whose token this is; None for a wrong or expired one, or one that must be spent."""
    valid = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    wanted = select(tokens.c.name).where(
        tokens.c.digest == _digest(token), valid, tokens.c.once.is_(False)
    )
    return connection.execute(wanted).scalar_one_or_none()


def told_as(name: str) -> str:
    """How people see whose token it is: the name that somebody gave who signed in by a link, as
    what it is.
    """
    if name.startswith(SIGN_IN):
        given = name.partition(" ")[2]
    else:
        given = ""
    if given:
        return f"{given} (by a sign-in link)"
    return name


def spendable(connection: Connection, token: str, now: datetime) -> bool:
    """Whether this one-time token can still be used up."""
    valid = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    wanted = select(tokens.c.name).where(
        tokens.c.digest == _digest(token), tokens.c.once.is_(True), valid
    )
    return connection.execute(wanted).first() is not None


def spend(connection: Connection, token: str, now: datetime) -> bool:
    """Use up a one-time token; True for the first who does."""
    valid = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    mine = delete(tokens).where(tokens.c.digest == _digest(token), tokens.c.once.is_(True), valid)
    return connection.execute(mine).rowcount == 1


def names(connection: Connection) -> Sequence[str]:
    """Every lasting token by name."""
    lasting = select(tokens.c.name).where(tokens.c.expires_at.is_(None)).order_by(tokens.c.name)
    return connection.execute(lasting).scalars().all()


def revoke(connection: Connection, name: str) -> bool:
    """Take a token away; False if there is none of that name."""
    return connection.execute(delete(tokens).where(tokens.c.name == name)).rowcount == 1


def forget_expired(connection: Connection, now: datetime) -> None:
    """Drop sign-ins whose time is over."""
    connection.execute(delete(tokens).where(tokens.c.expires_at <= now))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
