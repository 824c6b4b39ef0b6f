"""Things that are the same each time and cost much to make: made once in each process, and copied
or shared.
"""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import httpx
import typer
import typer.main
from httpx._transports import default
from sqlalchemy import Engine

from bridge.config import shipped
from bridge.store import database as database_module
from bridge.store.database import Database
from bridge.store.migrate import migrate
from tests.xdist_order import temporary_folder


@functools.cache
def sqlite_file() -> Path:
    """A migrated SQLite file, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="bondbridge-", dir=temporary_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'migrated.sqlite3'}")
    migrate(database, shipped("migrations"))
    database.close()
    return folder / "migrated.sqlite3"


def migrated(database: Database) -> None:
    """As `migrate`; a SQLite file that is not there yet is a copy."""
    path = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and path and not Path(path).exists():
        shutil.copy(sqlite_file(), path)
    else:
        migrate(database, shipped("migrations"))


def share() -> None:
    """Keep what thousands of clients, command lines and databases would make anew: the world's
    certificates, the list of commands, the text of SQL statements.
    """
    default.create_ssl_context = functools.cache(httpx.create_ssl_context)  # type: ignore[attr-defined]
    typer.main.get_command = functools.cache(typer.main.get_command)
    made, compiled = database_module._engine, Compiled()  # noqa: SLF001

    def engine(*arguments: Any) -> Engine:
        found = made(*arguments)
        found.update_execution_options(compiled_cache=compiled)
        return found

    database_module._engine = engine  # noqa: SLF001


class Compiled(dict[tuple[Any, ...], Any]):
    """Statements as they were compiled for any database of the same kind. SQLAlchemy keeps them for
    each engine by itself, and most tests have one of their own.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """The compiled statement; the first part of the key is the dialect."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        """Keep one."""
        super().__setitem__((key[0].name, *key[1:]), value)
