"""What the docs list is what the code has."""

import re
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from pydantic import BaseModel

from bridge import config, wiring
from bridge.actions import permits
from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS
from bridge.bonding.scopes import FAMILIES, TIMINGS
from bridge.bonding.wire import wrong_argument
from bridge.cli import events_doc, operations_doc
from bridge.cli.app import app
from bridge.core import events, rules, schema
from bridge.core.document import read
from bridge.core.examples import failures
from bridge.core.model import Reason
from bridge.core.rules import Vocabulary, parse

ROOT = Path(__file__).parent.parent
VOCABULARY = Vocabulary(
    permits.callable_operations(), {"noc": 1}, frozenset({"demo"}), permits.taking(), permits.refused([]), wrong_argument
)


def _doc(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_example_of_the_rules_page_is_a_good_rule() -> None:
    """The rule on the page loads, and its own example holds."""
    text, more = re.findall(r"```yaml\n(.*?)```", _doc("docs/rules.md"), re.DOTALL)
    allowed = replace(VOCABULARY, refused=permits.refused(["leg.update"]))
    ((_,), wrong) = parse(read(f"id: more\nwhen: leg.down\ndo:\n{more}", "docs/rules.md"), allowed)
    assert wrong == []
    ((rule,), problems) = parse(read(text, "docs/rules.md"), VOCABULARY)
    assert problems == []
    assert list(failures(rule, VOCABULARY)) == []


def test_the_page_of_events_is_what_the_catalogue_says() -> None:
    """`make docs` was run after the last change: every event has its row, no row is of none, and no note of none."""
    text = _doc("docs/events.md")
    assert text == events_doc.text()
    named = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert sorted(named) == sorted(events.EVENTS)
    assert set(events_doc.NOTES) <= set(events.EVENTS)


def test_the_rules_page_names_every_reason_and_all_that_is_known() -> None:
    """No reason of a verdict is missing from the page, and nothing that conditions can ask of `known`."""
    text = _doc("docs/rules.md")
    assert all(f"`{reason}`" in text or f"({reason})" in text for reason in Reason)
    assert all(f"`known.{name}`" in text for name in schema.KNOWN)


def test_the_watching_page_names_every_timing_and_what_is_never_polled() -> None:
    """Every family of scopes that can be timed stands on the page with the scopes it covers."""
    text = _doc("docs/watching.md")
    assert all(f"`{timing}`" in text for timing in TIMINGS)
    for family in FAMILIES.values():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{family.timing}`"))
        stem = re.sub(r"\{\w+\}", "*", family.template)
        assert any(fnmatchcase(stem, glob) for glob in re.findall(r"`([^`]+)`", row)[1:]), family.template


def test_the_readme_names_every_command() -> None:
    """No command of the command line is missing from the README, and every page of the docs is linked there."""
    text = _doc("README.md")
    commands = {each.name or each.callback.__name__.replace("_", "-") for each in app.registered_commands if each.callback}
    groups = {each.name for each in app.registered_groups}
    for name in commands | groups - {None}:
        assert re.search(rf"[`/ |]{name}[` |]", text), name
    for path in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{path.name})" in text, path.name


def test_the_page_of_operations_is_what_the_catalogue_says() -> None:
    """`make docs` was run after the last change of the catalogue, and no operation is missing from the page."""
    text = _doc("docs/operations.md")
    assert text == operations_doc.text()
    assert all(f"`{name}`" in text for name in (*OPERATIONS, *ALIASES, *IMPOSSIBLE))


def _keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_settings_page_names_every_key() -> None:
    """Every field of the settings is on the page."""
    text = _doc("docs/settings.md")
    for key in _keys(config.Settings):
        assert f"`{key}" in text, key
    for key in _keys(config.Web):
        assert f"web.{key}" in text, key
    models = (config.Server, config.Poll, config.Webhook, config.Backups, config.Users, config.Flapping)
    for key in frozenset().union(*map(_keys, models)):
        assert re.search(rf"[`{{ .]{key}\b", text), key


def test_the_example_settings_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file a new user copies is read without a problem, and the shipped rules load under it."""
    monkeypatch.setenv("BONDBRIDGE_SERVER_PASSWORD", "x")
    monkeypatch.setenv("BONDBRIDGE_NOC_URL", "json://127.0.0.1:9/")
    settings = config.load(ROOT / "docs" / "bondbridge.example.yaml")
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        _, problems = parse(read(path.read_text(encoding="utf-8"), path.name), wiring.vocabulary(settings))
        assert problems == []


@pytest.mark.parametrize("folder", [ROOT / "rules", ROOT / "bridge" / "cli" / "demo_rules"])
def test_every_shipped_rule_keeps_its_examples(folder: Path) -> None:
    """Each shipped rule has examples and gives the verdicts they promise; what touches traffic ships as dry_run."""
    found: list[rules.Rule] = []
    for path in sorted(folder.glob("*.yaml")):
        loaded, problems = parse(read(path.read_text(encoding="utf-8"), path.name), VOCABULARY)
        assert problems == []
        found += loaded
    assert found
    for rule in found:
        assert rule.examples
        assert list(failures(rule, VOCABULARY)) == []
        calls = any(step.action == "call" for step in rule.steps)
        assert rule.mode == "dry_run" if calls else rule.mode == "live"


def test_the_compose_file_is_one() -> None:
    """docker-compose.yml is valid against the compose schema."""
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    ran = subprocess.run(  # noqa: S603  a tool of our own environment
        [*command, str(ROOT / "docker-compose.yml")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout


def test_the_architecture_names_every_room() -> None:
    """Each room of the package has its line in ARCHITECTURE.md."""
    text = _doc("ARCHITECTURE.md")
    for path in (ROOT / "bridge").iterdir():
        if path.name.startswith("__") or path.suffix not in ("", ".py"):
            continue
        assert f"`{path.name}" in text, path.name


def test_the_readme_names_every_make_target_it_should() -> None:
    """The two commands of the README exist, and CI runs the second."""
    targets = set(re.findall(r"^([a-z]+):", _doc("Makefile"), re.MULTILINE))
    assert {"help", "setup", "run", "test", "lint", "types", "soak", "bench", "docs", "fmt", "clean"} <= targets
    assert "make test" in _doc(".ci/run")
