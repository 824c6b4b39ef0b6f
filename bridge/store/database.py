"""The engine and its transactions, on SQLite and PostgreSQL alike."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bridge.errors import Bug
from bridge.store import postgresql

# the database cannot be used for now: gone, full, read-only, or kept busy for longer than anybody
# waits
Away = OperationalError
# whatever it is that the database does not do, for one who only asks whether it works
Unusable = SQLAlchemyError

# Long enough for a writer to get its turn behind another's bulk insert, short of any lease.
_SQLITE_WAIT_MS = 20_000


class Database:
    """Short transactions: read with `reading()`, change with `writing()`; both end committed or
    rolled back whole.
    """

    def __init__(self, url: str, patience: float | None = None) -> None:
        """`patience`: seconds after which one who must go on without it gives up; else as long as a
        lease allows.
        """
        self.url = url
        self._making = False
        self.engine = _engine(url, patience, lambda: self._making)
        self._thread = threading.local()

    @contextmanager
    def made(self) -> Iterator[None]:
        """Meanwhile its file is made where there is none: for anyone who makes tables in it, and
        for nobody else.
        """
        self._making = True
        try:
            yield
        finally:
            self._making = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction. On SQLite it takes the write lock at once: a reader that upgrades later
        could only fail.

        Raises Bug where this thread is writing already: it would wait for itself until both are
        given up.
        """
        with self._alone(), self.engine.connect() as connection:
            connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if getattr(self._thread, "writing", False):
            raise Bug("a transaction that writes was begun inside another")
        self._thread.writing = True
        try:
            yield
        finally:
            self._thread.writing = False

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def file_of(url: str) -> Path | None:
    """Where an SQLite database lies; None for one in memory, and for servers."""
    parts = make_url(url)
    name = parts.database or ""
    if parts.get_backend_name() != "sqlite" or name in ("", ":memory:") or name.startswith("file:"):
        return None
    return Path(name)


def _engine(url: str, patience: float | None, making: Callable[[], bool]) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return postgresql.engine_of(url, patience, making)
    engine = create_engine(url)
    if patience:
        wait = round(patience * 1000)
    else:
        wait = _SQLITE_WAIT_MS

    @event.listens_for(engine, "do_connect")
    def _ours(dialect: object, record: object, arguments: Sequence[Any], more: object) -> None:
        del dialect, record, more
        _found(str(arguments[0]), make=making())

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:
        del record
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # LIKE minds the case, as PostgreSQL's does
        always = (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "case_sensitive_like=ON",
        )
        for pragma in (*always, f"busy_timeout={wait}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _found(path: str, *, make: bool) -> None:
    """An empty file that we alone can read, where one is to be made: SQLite gives its own mode to
    those it puts beside it.

    Raises OperationalError where there is none otherwise. One that was moved away under a bridge
    that works would be made anew, without tables, and what SQLite puts beside that would lie in
    wait for the one that is put back.
    """
    if path == ":memory:" or path.startswith("file:"):
        return
    if (
        not make and Path(path).parent.is_dir() and not Path(path).exists()
    ):  # of a folder that is none SQLite tells
        raise sqlite3.OperationalError(f"its file {path} is gone")
    # what is there is not opened: closing it again would let go of the locks that SQLite has on it
    # in this process
    with suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
