"""The demo's settings: written anew at each start, and not without what somebody added."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge import config
from bridge.cli.run import demo
from bridge.errors import BadInput
from tests.test_cli import Run, run

__all__ = ["run"]

CLOCK: dict[str, Any] = {
    "machine": datetime(2026, 1, 1, tzinfo=UTC),
    "domain": datetime(2026, 1, 1, tzinfo=UTC),
    "speed": 30.0,
}


def begin(state: Path, *, port: int = 8080) -> Path:
    """What a start of the demo does to its settings."""
    return demo.write_settings(
        state, CLOCK, port=port, simulator="http://127.0.0.1:8180", inbox_port=8181
    )


def test_webhooks_that_were_added_are_there_at_the_next_start(run: Run, tmp_path: Path) -> None:
    """All else is written anew, as its port shows; entries of others keep their order and what a
    person wrote into them.
    """
    path = begin(tmp_path)
    for name, platform in (("alerts", "alertmanager"), ("ops", "slack")):
        assert run("webhooks", "add", name, "--platform", platform, "-c", str(path)).code == 0
    people = "people: [{user: U1, role: operator, spaces: [acme]}], platform: slack"
    path.write_text(path.read_text().replace("platform: slack", people))
    before = config.load(path)
    after = config.load(begin(tmp_path, port=9000))
    assert (before.web.port, after.web.port) == (8080, 9000)
    assert sorted(after.webhooks) == ["alerts", "demo", "ops"]
    assert after.webhooks == before.webhooks
    assert list(after.webhooks) == list(config.load(begin(tmp_path)).webhooks)


def test_settings_that_cannot_be_read_are_not_written_over(tmp_path: Path) -> None:
    """Somebody's webhooks may stand in them: the start says where they are wrong, and leaves
    them.
    """
    path = begin(tmp_path)
    path.write_text(path.read_text() + "  mine: {platform: hmac\n")
    broken = path.read_text()
    with pytest.raises(BadInput, match=r"bondbridge\.yaml:"):
        begin(tmp_path)
    assert path.read_text() == broken
