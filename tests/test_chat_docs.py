"""The page about chat says what is so."""

import re
from pathlib import Path

from bridge.config import Webhook
from bridge.core.backtesting.rule_examples import failures
from bridge.core.chat.commands import BUILT_IN
from bridge.core.chat.roles import Role
from bridge.core.rules.parser import parse
from bridge.core.rules.rule import Chat
from bridge.core.yaml_document import read
from bridge.webhooks.platform import ChatPlatform
from bridge.webhooks.registry import PLATFORMS
from tests.test_docs import CONFIGURING

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "chat.md").read_text(encoding="utf-8")
SETTINGS, RULE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ROWS = {
    name: role
    for names, role in re.findall(r"^\| (`.+`) \| .+ \| (\w+) \|$", PAGE, re.MULTILINE)
    for name in re.findall(r"`([a-z-]+(?: down)?)", names)
}


def test_the_rule_on_the_page_keeps_its_examples() -> None:
    """It loads as it stands, and what it promises holds."""
    (rule,), problems = parse(read(RULE, "docs/chat.md"), CONFIGURING)
    assert problems == []
    assert list(failures(rule, CONFIGURING)) == []


def test_the_settings_on_the_page_are_good(tmp_path: Path) -> None:
    """Every platform on which people talk has its entry, which the settings take."""
    for name in PLATFORMS:
        (tmp_path / name).write_text("a secret\n", encoding="utf-8")
    hooks = read(SETTINGS.replace("/etc/bondbridge", str(tmp_path)), "docs/chat.md").data[
        "webhooks"
    ]
    taken = {name: Webhook.model_validate(hook) for name, hook in hooks.items()}
    assert {each.platform for each in taken.values()} == {
        name for name, platform in PLATFORMS.items() if isinstance(platform, ChatPlatform)
    }


def test_every_command_has_its_row_with_its_role() -> None:
    """Those that are built in and those that ship, and no others."""
    shipped = {}
    for path in (ROOT / "rules" / "chat.yaml", ROOT / "rules" / "examples" / "chat-mode.yaml"):
        found, _ = parse(read(path.read_text(encoding="utf-8"), path.name), CONFIGURING)
        shipped |= {
            rule.shape.command: rule.shape.role for rule in found if isinstance(rule.shape, Chat)
        }
    roles = {name: each.role for name, each in BUILT_IN.items()} | shipped
    assert {name: Role[role.upper()] for name, role in ROWS.items()} == roles
