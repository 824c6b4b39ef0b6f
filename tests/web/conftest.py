"""The house, empty; and one where something has happened."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bridge import config
from tests.web.app_harness import SECRET, House, serving, write_settings


@pytest.fixture
def settings_file(tmp_path: Path, sqlite_pattern: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings whose secrets are set and whose database is migrated."""
    for name, value in (
        ("HQ_PASSWORD", "demo"),
        ("NOC_URL", "json://127.0.0.1:9/"),
        ("DOOR_SECRET", SECRET),
    ):
        monkeypatch.setenv(name, value)
    shutil.copy(sqlite_pattern, tmp_path / "bondbridge.sqlite3")
    return write_settings(tmp_path)


@pytest.fixture
def house(settings_file: Path) -> Iterator[House]:
    """The application, served."""
    with serving(config.load(settings_file)) as served:
        yield served


@pytest.fixture
def reader(house: House) -> Iterator[httpx.Client]:
    """Somebody with a lasting token."""
    with house.visitor(house.token()) as client:
        yield client
