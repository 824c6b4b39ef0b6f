"""Bring a database to the newest schema, through the migrations and nothing else; or look how far
it is from it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.errors import BadInput, Problem
from bridge.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config


class Stands(Enum):
    """How far a database is from this version's schema."""

    NEWEST = auto()
    OLDER = auto()
    WITHOUT_TABLES = auto()


@dataclass(frozen=True, slots=True)
class Revisions:
    """Those that this version knows, and the newest of them."""

    all: frozenset[str | None]
    newest: str | None


def migrate(database: Database, migrations: Path) -> None:
    """Upgrade in one transaction. Raises BadInput where the database cannot be opened or is newer
    than we are.
    """
    # only what makes tables needs it, and most commands make none
    from alembic import command  # noqa: PLC0415

    config = _config(migrations)
    with database.made(), _transaction(database) as connection:
        config.attributes["connection"] = connection
        if _revision(database, connection, migrations) != _revisions(migrations).newest:
            command.upgrade(config, "head")


def stands(database: Database, migrations: Path) -> Stands:
    """Nothing is changed. Raises BadInput where the database cannot be opened or written, or is
    newer than we are.
    """
    with _transaction(database) as connection:
        at = _revision(database, connection, migrations)
    if at is None:
        return Stands.WITHOUT_TABLES
    if at == _revisions(migrations).newest:
        return Stands.NEWEST
    return Stands.OLDER


def _config(migrations: Path) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config


@cache  # they are part of the program, and reading them takes longer than all the rest
def _revisions(migrations: Path) -> Revisions:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  as above

    scripts = ScriptDirectory.from_config(_config(migrations))
    known = frozenset(each.revision for each in scripts.walk_revisions())
    return Revisions(known, scripts.get_current_head())


def _revision(database: Database, connection: Connection, migrations: Path) -> str | None:
    """Where the database is; None where no migration has been. Raises BadInput where we do not know
    it.
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415  as above

    at = MigrationContext.configure(connection).get_current_revision()
    if at is not None and at not in _revisions(migrations).all:
        what = f"the database is at revision {at}, which this version does not know"
        raise BadInput(
            [Problem(_shown(database), what, "use a newer bondbridge, or another database")]
        )
    return at


@contextmanager
def _transaction(database: Database) -> Iterator[Connection]:
    """One that may write, also for a look: so a database that cannot be written is found."""
    try:
        with database.writing() as connection:
            yield connection
    except (OperationalError, DBAPIError) as error:
        what = f"cannot be used: {str(error.orig).strip().splitlines()[0]}"
        raise BadInput(
            [Problem(_shown(database), what, "check `database` and `state_dir` in the settings")]
        ) from error


def _shown(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)
