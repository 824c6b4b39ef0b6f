"""One bad thing spoils nothing else: what raises is set aside, counted, and told once; the caller
goes on with the rest.

A database that is away and a lease that somebody else has by now are no fault of what was looked
at: those go through.
"""

import textwrap
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection, NestedTransaction

# of its pool, and as it is called there
from sqlalchemy.exc import DBAPIError, TimeoutError  # noqa: A004

from bridge.core.events.headlines import headline
from bridge.core.model import Event
from bridge.errors import LeaseLost
from bridge.store import internal_errors
from bridge.store.database import Away, Database
from bridge.store.internal_errors import Fault


def passes(error: BaseException) -> bool:
    """Whether it is no fault of ours: the database cannot be used, or somebody else has the work by
    now.
    """
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, (Away, LeaseLost, TimeoutError))


log = structlog.get_logger()


class Part:
    """A part of the work that may fail by itself: `with tried(…) as part:`, and whatever it raises
    is kept in `error`.
    """

    def __init__(self, step: str, about: str, server: str) -> None:
        self.step = step
        self.about = about
        self.server = server
        self.error: Exception | None = None

    @classmethod
    def of(cls, error: Exception, step: str, about: str, server: str = "") -> Self:
        """One that has failed."""
        part = cls(step, about, server)
        part.error = error
        return part

    @property
    def failed(self) -> bool:
        """Whether it is set aside."""
        return self.error is not None

    @property
    def why(self) -> str:
        """What was raised, in one line."""
        if self.error is not None:
            return internal_errors.said(self.error)
        return ""

    @property
    def fault(self) -> Fault:
        """As it is counted."""
        return Fault(self.step, self.about, self.server, self.why)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception) or passes(error):
            return False
        self.error = error
        return True


def tried(step: str, about: str, server: str = "") -> Part:
    """What raises in it is kept, and nothing is noted yet."""
    return Part(step, about, server)


class _Within(Part):
    def __init__(
        self, connection: Connection, now: datetime, step: str, about: str, server: str
    ) -> None:
        super().__init__(step, about, server)
        self._connection = connection
        self._now = now
        self._savepoint: NestedTransaction | None = None

    def __enter__(self) -> Self:
        self._savepoint = self._connection.begin_nested()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._savepoint is not None and self._savepoint.is_active:
            self._savepoint.rollback() if error else self._savepoint.commit()
        kept = super().__exit__(kind, error, trace)
        if kept:
            aside([self], self._connection, self._now)
        return kept


def within(connection: Connection, now: datetime, step: str, about: str, server: str = "") -> Part:
    """A part of a transaction that goes on: where it raises, what it has written is taken back, and
    it is noted.
    """
    return _Within(connection, now, step, about, server)


class _Apart(Part):
    def __init__(self, note: "Callable[[Part], None]", step: str, about: str, server: str) -> None:
        super().__init__(step, about, server)
        self._note = note

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        kept = super().__exit__(kind, error, trace)
        if kept:
            self._note(self)
        return kept


def aside(found: Iterable[Part], connection: Connection, now: datetime) -> None:
    """Note what was kept, each trouble once with how often it was met."""
    met: dict[str, list[Part]] = {}
    for part in found:
        met.setdefault(part.fault.id, []).append(part)
    for parts in met.values():
        last = parts[-1]
        _say(internal_errors.note(connection, last.fault, now, len(parts)), last.error)


class Faults:
    """`now` is domain time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def apart(self, step: str, about: str, server: str = "") -> Part:
        """What raises in it is set aside and noted, in a transaction of its own. Inside one that
        writes: see `within`.
        """
        return _Apart(self.note, step, about, server)

    def note(self, *found: Part) -> None:
        """Count what was set aside."""
        with self._database.writing() as connection:
            aside(found, connection, self._now())


def _say(told: list[Event], error: Exception | None) -> None:
    """The traceback stands in the log once for each trouble: anyone who mends it needs it."""
    for event in told:
        log.error(headline(event), id=event.id, type=event.type, exception=_trace(error))


def _trace(error: Exception | None) -> str:
    """Where it was raised, without the values of variables and without a statement's: there may be
    secrets among them.
    """
    if error is None:
        return ""
    lines = [*traceback.format_tb(error.__traceback__), internal_errors.said(error)]
    return textwrap.indent("".join(lines), "  ")
