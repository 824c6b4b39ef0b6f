"""The page about telling people says what is so."""

import re
from pathlib import Path

import pytest

from bridge.cli.setup import channels
from bridge.config import Channel, Web
from bridge.core.notifications.channel_policy import MOST_TOGETHER
from bridge.core.rules.models.step import EscalateModel, FollowModel
from bridge.core.yaml_document import read

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
SETTINGS = re.findall(r"```yaml\n(channels:.*?)```", PAGE, re.DOTALL)


def test_the_settings_on_the_page_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken as they stand, with secrets of our own."""
    (tmp_path / "noc-ntfy").write_text("ntfy://here/noc\n", encoding="utf-8")
    for name in ("NOC_MAIL", "SLACK_ROOM", "ONCALL_PAGER", "ACME_MAIL"):
        monkeypatch.setenv(name, "https://127.0.0.1/")
    (block,) = SETTINGS
    written = read(block.replace("/etc/bondbridge", str(tmp_path)), "docs/notifications.md").data
    for each in written["channels"].values():
        assert Channel.model_validate(each)
    assert Web.model_validate(written["web"]).public_url


def test_every_key_of_a_channel_has_its_row() -> None:
    """Those that there are, and no others."""
    table = PAGE.partition("| key | without it | what |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(Channel.model_fields)


def test_every_key_of_follow_is_explained() -> None:
    """Each stands in the table of what it does."""
    table = PAGE.partition("| `follow` | does |")[2].partition("\n\n")[0]
    for name in (*FollowModel.model_fields, *EscalateModel.model_fields):
        assert f"{name}:" in table, name


def test_every_command_is_on_the_page() -> None:
    """Those of `bondbridge channels`, and `ack`."""
    named = {
        each.name or str(getattr(each.callback, "__name__", ""))
        for each in channels.app.registered_commands
    }
    assert {word for word in named if f"`bondbridge channels {word}" in PAGE} == named
    assert "`bondbridge ack EVENT`" in PAGE
    assert f"up to {MOST_TOGETHER} notices" in PAGE
