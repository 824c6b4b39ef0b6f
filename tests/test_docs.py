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
from bridge.actions import call_permissions
from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS
from bridge.bonding.scopes import FAMILIES, TIMINGS
from bridge.bonding.wire import wrong_argument
from bridge.cli.app import app
from bridge.cli.docgen import events as events_doc
from bridge.cli.docgen import operations
from bridge.core.backtesting.rule_examples import failures
from bridge.core.decisions import guards
from bridge.core.events import builder, schema
from bridge.core.expressions.functions import NAMES
from bridge.core.model import Mode, Reason, Ruling
from bridge.core.rules import parser
from bridge.core.rules.lint_conflicts import contradictions
from bridge.core.rules.models import guard as guard_model
from bridge.core.rules.models import rule as rule_model
from bridge.core.rules.models import step as step_model
from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.rules.rule import Chat
from bridge.core.yaml_document import read
from bridge.webhooks.registry import PLATFORMS

ROOT = Path(__file__).parent.parent
VOCABULARY = Vocabulary(
    call_permissions.callable_operations(),
    {"noc": 1},
    frozenset({"demo"}),
    call_permissions.taking(),
    call_permissions.refused([]),
    wrong_argument,
    roles=call_permissions.roles(),
)
CONFIGURING = replace(
    VOCABULARY,
    channels={"noc": 1, "oncall": 1},
    refused=call_permissions.refused(["configure"]),
    secret=call_permissions.secret,
    hooks=frozenset({"ticketing"}),
    webhooks=frozenset({"demo", "alerts", "github"}),
)


def _doc(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks() -> list[str]:
    text = "".join(
        _doc(name)
        for name in ("docs/rules.md", "README.md", "docs/webhooks.md", "docs/notifications.md")
    )
    # two of the pages also show settings, of ours and of others
    return re.findall(r"```yaml\n((?!webhooks:|route:|channels:).*?)```", text, re.DOTALL)


@pytest.mark.parametrize(
    "block", _blocks(), ids=lambda block: str(re.findall(r"id: (\S+)", block)[0])
)
def test_every_block_of_the_rules_page_is_a_good_rule(block: str) -> None:
    """Each rule on the pages and in the README loads as it stands, has examples, and they hold."""
    loaded, problems = parse(read(block, "docs/rules.md"), CONFIGURING)
    assert problems == [], [str(each) for each in problems]
    for rule in loaded:
        assert rule.examples, rule.id
        assert list(failures(rule, CONFIGURING)) == []


MODELS = (
    *(
        rule_model.RuleModel,
        rule_model.CountModel,
        rule_model.AbsentModel,
        rule_model.ScheduleModel,
        rule_model.GroupModel,
    ),
    *(
        rule_model.ChatModel,
        step_model.ReplyModel,
        rule_model.ExampleModel,
        rule_model.GivenModel,
        rule_model.ThenModel,
        rule_model.CalledModel,
    ),
    *(
        step_model.StepModel,
        step_model.RetryModel,
        step_model.NotifyModel,
        step_model.WebhookModel,
        step_model.SilenceModel,
    ),
    *(
        step_model.UntilModel,
        step_model.VerifyModel,
        guard_model.GuardModel,
        guard_model.CooldownModel,
        guard_model.RateModel,
    ),
    *(
        guard_model.BlastRadiusModel,
        guard_model.WindowModel,
        guard_model.ApprovalModel,
        guard_model.BreakerModel,
    ),
    *(guard_model.RolloutModel, guard_model.UndoneModel, guard_model.TuningModel),
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_rules_page_has_an_example_of_every_key(model: type[BaseModel]) -> None:
    """No key of the language is without a place in a block of YAML or in the tables of the page."""
    shown = "\n".join(re.findall(r"`[^`]+`|```yaml\n.*?```", _doc("docs/rules.md"), re.DOTALL))
    for name, field in model.model_fields.items():
        assert re.search(rf"\b{field.alias or name}\b", shown), name


def test_the_rules_page_has_the_guards_in_their_order() -> None:
    """The order on the page is the order in the code, when deciding and before each attempt."""
    text = _doc("docs/rules.md")
    assert re.findall(r"^\d+\. `([^`]+)`: ", text, re.MULTILINE) == [
        name for name, _ in guards.DECIDING
    ]
    before = text.partition("Right before each attempt")[2].partition("; then whether another job")[
        0
    ]
    assert re.findall(r"`([^`]+)`", before) == [name for name, _ in guards.ATTEMPTING]


def test_the_rules_page_says_which_functions_work() -> None:
    """Every function that expressions may call is on the page, and no other stands in its table."""
    table = _doc("docs/rules.md").partition("| these work | for |")[2].partition("\n\n")[0]
    named = [
        word
        for row in table.splitlines()
        for word in re.findall(r"`(\w+)[`(]", row.split("|")[1] if "|" in row else "")
    ]
    assert set(named) == NAMES


def test_the_page_of_events_is_what_the_catalogue_says() -> None:
    """`make docs` was run after the last change: every event has its row, no row is of none, and no
    note of none.
    """
    text = _doc("docs/events.md")
    assert text == events_doc.text()
    named = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert sorted(named) == sorted(builder.EVENTS)
    assert set(events_doc.NOTES) <= set(builder.EVENTS)


def test_the_rules_page_has_a_row_for_every_reason_and_all_that_is_known() -> None:
    """No reason of a verdict is missing from the page, none is made up, and nothing that conditions
    can ask of `known`.
    """
    text = _doc("docs/rules.md")
    rows = re.findall(
        r"^\| `(\w+)` \| ([a-z, ]+) \| ", text.partition("## Verdicts")[2], re.MULTILINE
    )
    assert sorted(name for name, _ in rows) == sorted(Reason)
    assert {word for _, said in rows for word in said.split(", ")} == set(Ruling)
    assert all(f"`known.{name}`" in text for name in schema.KNOWN)


def test_the_watching_page_names_every_timing_and_what_is_never_polled() -> None:
    """Every family of scopes that can be timed stands on the page with the scopes it covers."""
    text = _doc("docs/polling-and-incidents.md")
    assert all(f"`{timing}`" in text for timing in TIMINGS)
    for family in FAMILIES.values():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{family.timing}`"))
        stem = re.sub(r"\{\w+\}", "*", family.template)
        assert any(fnmatchcase(stem, glob) for glob in re.findall(r"`([^`]+)`", row)[1:]), (
            family.template
        )


def test_the_readme_names_every_command() -> None:
    """No command of the command line is missing from the README, and every page of the docs is
    linked there.
    """
    text = _doc("README.md")
    commands = {
        each.name or each.callback.__name__.replace("_", "-")
        for each in app.registered_commands
        if each.callback
    }
    groups = {each.name for each in app.registered_groups}
    for name in commands | groups - {None}:
        assert re.search(rf"[`/ |]{name}[` |]", text), name
    for path in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{path.name})" in text, path.name


def test_the_page_of_operations_is_what_the_catalogue_says() -> None:
    """`make docs` was run after the last change of the catalogue, and no operation is missing from
    the page.
    """
    text = _doc("docs/operations.md")
    assert text == operations.text()
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
    models = (
        config.Server,
        config.Poll,
        config.Webhook,
        config.Backups,
        config.Users,
        config.Flapping,
        config.OutgoingWebhookSettings,
        config.Channel,
        config.Room,
    )
    for key in frozenset().union(*map(_keys, models)):
        assert re.search(rf"[`{{ .]{key}\b", text), key


def test_the_page_of_webhooks_names_every_platform_and_its_options() -> None:
    """Each platform has its row, and each option a platform has is in the table of options."""
    text = _doc("docs/webhooks.md")
    for name, platform in PLATFORMS.items():
        assert f"| `{name}` |" in text, name
        for option in platform.options.model_fields:
            (row,) = [
                line
                for line in text.partition("| platform | `options` |")[2].splitlines()
                if line.startswith(f"| `{name}`")
            ]
            assert f"`{option}`" in row, option


def test_the_settings_of_a_webhook_on_its_page_are_settings() -> None:
    """The block of settings is read as it stands, but for the secret, which is not on this
    machine.
    """
    (block,) = re.findall(r"```yaml\n(webhooks:.*?)```", _doc("docs/webhooks.md"), re.DOTALL)
    shown = dict(read(block, "docs/webhooks.md").data["webhooks"]["alerts"])
    shown["secret"] = {"file": str(ROOT / "LICENSE")}
    assert config.Webhook.model_validate(shown).platform in PLATFORMS


def test_the_example_settings_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file a new user copies is read without a problem, and the shipped rules load under it."""
    monkeypatch.setenv("BONDBRIDGE_SERVER_PASSWORD", "x")
    monkeypatch.setenv("BONDBRIDGE_NOC_URL", "json://127.0.0.1:9/")
    settings = config.load(ROOT / "docs" / "bondbridge.example.yaml")
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        _, problems = parse(
            read(path.read_text(encoding="utf-8"), path.name), wiring.vocabulary(settings)
        )
        assert problems == []


def _rules(folder: Path, vocabulary: Vocabulary) -> list[parser.Rule]:
    found: list[parser.Rule] = []
    for path in sorted(folder.glob("*.yaml")):
        loaded, problems = parse(read(path.read_text(encoding="utf-8"), path.name), vocabulary)
        assert problems == [], [str(each) for each in problems]
        found += loaded
    return found


@pytest.mark.parametrize(
    ("folder", "vocabulary"),
    [
        (ROOT / "rules", VOCABULARY),
        (ROOT / "rules" / "examples", CONFIGURING),
        (ROOT / "bridge" / "cli" / "run" / "demo_rules", VOCABULARY),
    ],
)
def test_every_shipped_rule_keeps_its_examples(folder: Path, vocabulary: Vocabulary) -> None:
    """Each shipped rule keeps its three examples or more; what calls unasked ships as dry_run, and
    shows what it does live.
    """
    found = _rules(folder, vocabulary)
    assert found
    for rule in found:
        assert len(rule.examples) > 2, rule.id
        assert list(failures(rule, vocabulary)) == []
        # a person's command asks whether they are sure
        careful = isinstance(rule.shape, Chat) and rule.shape.sure
        assert rule.mode == ("dry_run" if rule.calls and not careful else "live"), rule.id
        shown = [
            then.calls
            for example in rule.examples
            if example.mode == "live"
            for then in example.then
        ]
        assert any(shown) or not rule.calls, rule.id
    assert contradictions([replace(rule, mode=Mode.LIVE) for rule in found]) == []


def test_the_shipped_rules_show_what_acts_and_what_does_not() -> None:
    """Among the examples of a rule one acts and one does not."""
    for rule in _rules(ROOT / "rules", VOCABULARY):
        said = {then.verdict for example in rule.examples for then in example.then}
        assert "skip" in said, rule.id
        assert "act" in said or (isinstance(rule.shape, Chat) and "ask" in said), rule.id


def test_the_compose_file_is_one() -> None:
    """docker-compose.yml is valid against the compose schema."""
    command = [
        str(Path(sys.executable).parent / "check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
    ]
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
    assert {
        "help",
        "setup",
        "run",
        "test",
        "lint",
        "types",
        "soak",
        "bench",
        "docs",
        "fmt",
        "clean",
    } <= targets
    assert "make test" in _doc(".ci/run")


def _anchors(path: Path) -> set[str]:
    """What a link to a heading of this page may name."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", each.lower()) for each in headings)
    return {each.replace(" ", "-") for each in plain}


def test_every_link_between_pages_leads_somewhere() -> None:
    """To a file that is there, and to a heading that it has."""
    wrong = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
            file, _, heading = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            if not there.exists() or (heading and heading not in _anchors(there)):
                wrong.append(f"{page.name}: {target}")
    assert wrong == []
