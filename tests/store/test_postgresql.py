"""A real PostgreSQL that hangs, is switched over or sits behind PgBouncer."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bridge.store import database as databases
from bridge.store.database import Away, Database
from bridge.store.tables import servers
from tests.processes import Process
from tests.programs import program
from tests.proxy import Proxy, proxying
from tests.test_whole_stack import free_ports


@pytest.fixture
def url(postgresql_server: sa.URL) -> Iterator[sa.URL]:
    """A migrated database of its own."""
    name = f"t{secrets.token_hex(6)}"
    control = sa.create_engine(
        postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with control.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield postgresql_server.set(database=name)
    with control.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def on_port(url: sa.URL, port: int) -> sa.URL:
    """The same database behind this port."""
    return url.set(host="127.0.0.1", port=port, query={})


def socket_of(url: sa.URL) -> Path:
    """The socket that the server listens on."""
    return Path(str(url.query["host"])) / f".s.PGSQL.{url.port or 5432}"


def opened(url: sa.URL, patience: float | None = None) -> Database:
    """A database as the bridge opens it."""
    return Database(url.render_as_string(hide_password=False), patience)


def write(database: Database, name: str) -> None:
    """One transaction."""
    with database.writing() as connection:
        connection.execute(sa.insert(servers).values(name=name))


def names(database: Database) -> list[str]:
    """What was written, in order."""
    with database.reading() as connection:
        return list(connection.scalars(sa.select(servers.c.name).order_by(servers.c.name)))


@pytest.fixture
def proxy(url: sa.URL) -> Iterator[Proxy]:
    """One before the server, which can freeze."""
    with proxying(socket_of(url)) as made:
        yield made


@pytest.mark.parametrize("step", ["statement", "commit", "idle"])
def test_a_network_that_swallows_everything_costs_one_transaction(
    url: sa.URL, proxy: Proxy, step: str
) -> None:
    """A connection whose answers do not come is given up, whatever it was doing; the next one
    works.
    """
    database = opened(on_port(url, proxy.port), patience=2.0)
    write(database, "before")
    if step == "idle":  # its connection is in the pool
        proxy.freeze()
        write(database, "after")  # found dead before it is used
    else:
        with pytest.raises(Away, match="no answer within 2 s"), database.writing() as connection:  # noqa: PT012
            if step == "commit":
                connection.execute(sa.insert(servers).values(name="lost"))
            proxy.freeze()
            if step == "statement":
                connection.execute(sa.insert(servers).values(name="lost"))
        write(database, "after")
    assert names(database) == ["after", "before"]
    database.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(url: sa.URL) -> None:
    """Its connection goes on being used."""
    database = opened(url, patience=1.0)
    with pytest.raises(Away, match="statement timeout"), database.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    write(database, "after")
    database.close()


def test_migrations_take_as_long_as_they_take(url: sa.URL) -> None:
    """An index over millions of rows is no reason to stop half-way."""
    database = opened(url, patience=1.0)
    with database.made(), database.writing() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(1.5)")
    database.close()


def test_after_a_switch_over_no_old_connection_is_used(url: sa.URL) -> None:
    """What is connected to the server that is read-only now is thrown away as a whole: one failure,
    not one for each.
    """
    database = opened(url)
    with database.engine.connect() as one, database.engine.connect() as two:
        for connection in (one, two):
            connection.exec_driver_sql("SET default_transaction_read_only = on")
            connection.commit()
    with pytest.raises(Away, match="read-only"):
        write(database, "lost")
    for number in range(3):
        write(database, f"after {number}")
    assert len(names(database)) == 3
    database.close()


def test_a_session_that_is_ended_costs_one_transaction(url: sa.URL) -> None:
    """As a restart of the server or its administrator does it."""
    database = opened(url)
    other = opened(url)
    # it ends in the last line
    with pytest.raises(Away), database.writing() as connection:  # noqa: PT012
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with other.reading() as control:
            control.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    write(database, "after")
    for each in (database, other):
        each.close()


@pytest.fixture
def pgbouncer(url: sa.URL, proxy: Proxy, tmp_path: Path) -> Iterator[sa.URL]:
    """A real PgBouncer in transaction mode with two connections to the server; our database behind
    it.
    """
    binary = program("pgbouncer", "pgbouncer")
    (port,) = free_ports(1)
    # it runs as nobody, who may not reach the server's socket
    there = f"host=127.0.0.1 port={proxy.port} user={url.username or 'postgres'}"
    lines = [
        *(
            "[databases]",
            f"{url.database} = {there}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
        ),
        *(
            "auth_type = any",
            "pool_mode = transaction",
            "default_pool_size = 2",
            "unix_socket_dir =",
            "logfile =",
        ),
    ]
    file = tmp_path / "pgbouncer.ini"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    process = Process([binary, "-u", "nobody", file])
    try:
        process.until(
            lambda: any("process up" in line for line in process.lines), "PgBouncer is up"
        )
        yield on_port(url, port)
    finally:
        process.end()


def test_behind_pgbouncer_in_transaction_mode(pgbouncer: sa.URL) -> None:
    """Every transaction may get another connection, which knows nothing of the statements and
    limits of the one before.
    """
    database, watchdog, hasty = (opened(pgbouncer, patience) for patience in (None, 5.0, 1.0))
    for number in range(20):
        write(database, f"{number:02}")
        assert len(names(watchdog)) == number + 1
    with pytest.raises(Away, match="statement timeout"), hasty.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    for _ in range(4):  # what one of them may take is no limit for those who get its connection
        with database.reading() as connection:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "24s"
    for each in (database, watchdog, hasty):
        each.close()


def test_sqlite_waits_as_long_as_whoever_asks_can(sqlite_pattern: Path, tmp_path: Path) -> None:
    """Anyone who answers somebody waits less for another's transaction than a worker does."""
    file = tmp_path / "bondbridge.sqlite3"
    file.write_bytes(sqlite_pattern.read_bytes())
    shown = []
    for patience in (None, 4.0):
        database = databases.Database(f"sqlite:///{file}", patience)
        with database.reading() as connection:
            shown.append(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
        database.close()
    assert shown == [20_000, 4_000]
