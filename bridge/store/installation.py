"""One row for each thing that is true of the whole installation."""

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from bridge.store.tables import installation

_KEY = "digest_key"
_PROBE = "probe"


def fingerprint_of_key(connection: Connection) -> str | None:
    """Of the key that the machines of this installation share; None before the first start."""
    return connection.scalar(select(installation.c.value).where(installation.c.name == _KEY))


def keep_fingerprint(connection: Connection, fingerprint: str) -> str:
    """Keep it if there is none yet; the one that counts."""
    try:
        with connection.begin_nested():
            connection.execute(insert(installation).values(name=_KEY, value=fingerprint))
    except IntegrityError:  # another machine was faster
        return str(fingerprint_of_key(connection))
    return fingerprint


def probe(connection: Connection, now: str) -> None:
    """Write a little: a disk that is full and a server that is read-only can be read very well."""
    mine = installation.c.name == _PROBE
    if connection.execute(update(installation).where(mine).values(value=now)).rowcount == 0:
        connection.execute(insert(installation).values(name=_PROBE, value=now))
