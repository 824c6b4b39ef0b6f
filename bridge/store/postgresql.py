"""How a PostgreSQL is talked to: nothing waits for ever, and what lies between may be a PgBouncer
in transaction mode.

A server may hang, be switched over to a standby, or sit behind a network that swallows everything.
So connecting, each statement and each answer have a limit, and a connection that cannot be used any
more is thrown away with its pool.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import OperationalError

T = TypeVar("T")

# Of a statement; longer than the longest that we make, short of the longest lease.
PATIENCE = 30.0
# The server ends a statement itself before we give up on its answer.
_SOONER = 0.8
# A process that was stopped in the middle of a transaction holds its locks no longer than this.
_IDLE = 60.0
# read-only after a switch-over, shut down, starting, cut off in a transaction
_GONE = {"25006", "57P01", "57P02", "57P03", "57P05", "25P03", "53300"}
# what may well succeed a little later, on the same connection
_LATER = {"57014", "55P03", "40001", "40P01", "53100", "53200"}


def engine_of(url: str, patience: float | None, unlimited: Any) -> Engine:
    """An engine; `patience` in seconds for connecting and for each statement; `unlimited()`: not
    now, for migrations.
    """
    wait = patience or PATIENCE
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=wait,
        connect_args={
            "connect_timeout": max(2, round(min(wait, 5.0))),
            "tcp_user_timeout": round(wait * 1000),
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            # a PgBouncer gives the next transaction another connection, which knows nothing of our
            # statements
            "prepare_threshold": None,
        },
    )

    @event.listens_for(engine, "do_connect")
    def _connect(
        dialect: object, record: object, arguments: Any, more: Any
    ) -> psycopg.Connection[Any]:
        del dialect, record
        connection = _Bounded.connect(*arguments, **more)
        connection.longest = wait
        connection.unlimited = unlimited
        return connection

    @event.listens_for(engine, "begin")
    def _limit(connection: Connection) -> None:
        """For this transaction only, and not as options of the connection: PgBouncer refuses
        those.
        """
        if not unlimited():
            connection.exec_driver_sql(
                _LIMITS.format(statement=round(wait * _SOONER * 1000), idle=round(_IDLE * 1000))
            )

    event.listen(engine, "handle_error", _judge)
    return engine


_LIMITS = (
    "SELECT set_config('statement_timeout', '{statement}', true),"
    " set_config('idle_in_transaction_session_timeout', '{idle}', true)"
)


class _Bounded(psycopg.Connection[Any]):
    """A connection that gives up an answer which does not come: neither libpq nor psycopg does."""

    longest: float = PATIENCE
    unlimited: Any = staticmethod(lambda: False)

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """As psycopg's."""
        if not self.unlimited():
            gen = self._until(gen, time.monotonic() + self.longest)
        return super().wait(gen, *args, **kwargs)

    def _until(self, gen: Generator[Any, Any, T], end: float) -> Generator[Any, Any, T]:
        """The same steps. psycopg comes back every tenth of a second, with nothing if nothing
        came.
        """
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self.pgconn.finish()  # whatever still comes on it belongs to nobody
                    raise psycopg.OperationalError(f"no answer within {self.longest:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            value: T = done.value
            return value


def _judge(context: ExceptionContext) -> BaseException | None:
    """Which errors mean that the server cannot be used for now, and which that the connection is
    worth nothing.
    """
    state = getattr(context.original_exception, "sqlstate", None) or ""
    if state in _GONE or state.startswith("08"):
        context.is_disconnect = True
    elif state not in _LATER:
        return None
    if isinstance(context.sqlalchemy_exception, OperationalError):
        return None
    return OperationalError(context.statement, context.parameters, context.original_exception)
