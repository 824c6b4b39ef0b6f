"""The machines of one installation share a key."""

from pathlib import Path

import pytest

from bridge import config, wiring
from bridge.errors import BadInput
from bridge.store import migrate
from bridge.store.database import Database
from tests.web.app_harness import write_settings


@pytest.fixture
def machines(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[config.Settings]:
    """Two of them with state folders of their own, on one database."""
    for name, value in (
        ("HQ_PASSWORD", "x"),
        ("NOC_URL", "json://127.0.0.1:1"),
        ("DOOR_SECRET", "x" * 32),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BONDBRIDGE_DATABASE", database.url)
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append(config.load(write_settings(tmp_path / name)))
    return found


def test_a_machine_with_another_key_is_refused_at_start(
    machines: list[config.Settings], database: Database
) -> None:
    """It says how to share the key; with a copy of it, it starts."""
    one, two = machines
    migrate.migrate(database, config.shipped("migrations"))
    wiring.agree_on_key(one, database)
    wiring.agree_on_key(one, database)
    with pytest.raises(BadInput) as caught:
        wiring.agree_on_key(two, database)
    assert "copy digest.key from the state folder of the machine that was there first" in str(
        caught.value
    )
    (two.state_dir / "digest.key").write_bytes((one.state_dir / "digest.key").read_bytes())
    wiring.agree_on_key(two, database)
