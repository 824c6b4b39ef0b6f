"""The JSON Schema of a rule file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bridge.actions import call_permissions
from bridge.core.events import builder
from bridge.core.rules.json_schema import schema_of
from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.yaml_document import read

from .test_rules_broken import BROKEN
from .test_rules_language import FULL

ROOT = Path(__file__).parent.parent.parent
SHIPPED = [
    *sorted((ROOT / "rules").glob("*.yaml")),
    *sorted((ROOT / "bridge" / "cli" / "run" / "demo_rules").glob("*.yaml")),
]
VOCABULARY = Vocabulary(
    call_permissions.callable_operations(),
    {"noc": 1},
    frozenset({"demo"}),
    hooks=frozenset({"ticketing"}),
)
VALIDATOR = Draft202012Validator(schema_of(VOCABULARY))


def data(text: str) -> Any:
    """Plain data of a text."""
    return read(text, "r.yaml").data


def test_it_is_a_schema() -> None:
    """The dialect it names takes it, with a vocabulary and without."""
    for schema in (schema_of(), schema_of(VOCABULARY)):
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rule_fits(path: Path) -> None:
    """An editor marks nothing in the rules that ship."""
    assert [
        each.message for each in VALIDATOR.iter_errors(data(path.read_text(encoding="utf-8")))
    ] == []


def test_a_rule_with_every_key_fits() -> None:
    """Nothing that the language has is missing from the schema, in one rule or in a list."""
    full = data(FULL)
    assert [each.message for each in VALIDATOR.iter_errors(full)] == []
    assert VALIDATOR.is_valid([full, full])


RULE = "id: a\nwhen: {when}\ndo: [{step}]\n"


@pytest.mark.parametrize(
    ("when", "step", "good"),
    [
        ("leg.down", "{notify: {to: noc, title: t}}", True),
        ("leg.d*", "{notify: {to: noc, title: t}}", True),
        ("[leg.down, webhook.demo]", "{notify: {to: noc, title: t}}", True),
        ("leg.dwon", "{notify: {to: noc, title: t}}", False),
        ("{chat: {command: restart, takes: [bond]}}", "{reply: {text: hello}}", True),
        (
            "{chat: {command: legs up, takes: [leg, active|idle, text], role: admin, sure: false}}",
            "{reply: {text: hello}}",
            True,
        ),
        ("{chat: {command: restart, takes: [bonds]}}", "{reply: {text: hello}}", False),
        ("{chat: {command: Restart}}", "{reply: {text: hello}}", False),
        ("{chat: {command: restart, role: root}}", "{reply: {text: hello}}", False),
        ("{chat: {takes: [bond]}}", "{reply: {text: hello}}", False),
        ("leg.down", "{notify: {to: nco, title: t}}", False),
        ("leg.down", "{call: bond.restart, with: {bond: 3}}", True),
        ("leg.down", "{call: bond.resart, with: {bond: 3}}", False),
        ("leg.down", "{call: bond.list}", False),
        ("leg.down", "{webhook: {to: ticketing}}", True),
        ("leg.down", "{webhook: {to: paging}}", False),
        ("leg.down", "{notify: {to: noc, title: t, text: x}}", False),
        ("leg.down", "{notify: {to: noc, severity: critical}}", True),
        ("leg.down", "{notify: {to: noc, severity: bad}}", False),
        ("leg.down", "{notify: {to: noc, follow: true}}", True),
        ("leg.down", "{notify: {to: noc, follow: false}}", False),
        (
            "leg.down",
            "{notify: {to: noc, follow: {repeat_every: 4h, escalate: {after: 15m, to: noc}}}}",
            True,
        ),
        ("leg.down", "{notify: {to: noc, follow: {escalate: {after: 15m, to: nobody}}}}", False),
        ("leg.down", "{notify: {to: noc, follow: {repeat: 4h}}}", False),
        ("leg.down", "{notify: null}", False),
        ("leg.down", "{wait: 10}", False),
        ("{count: {of: leg.down, over: 10m, at_least: 3}}", "{wait: 1h30m}", True),
        ("{count: {of: leg.down, over: 10m}}", "{wait: 10m}", False),
    ],
)
def test_an_editor_knows_the_words(when: str, step: str, good: bool) -> None:
    """Events, operations, channels and outgoing webhooks are those of the vocabulary; lengths look
    like lengths.
    """
    assert VALIDATOR.is_valid(data(RULE.format(when=when, step=step))) is good


def test_without_a_vocabulary_any_word_is_taken() -> None:
    """The schema that is published for everybody knows the keys, not one bridge's channels."""
    anybody = Draft202012Validator(schema_of())
    assert anybody.is_valid(
        data(RULE.format(when="leg.dwon", step="{notify: {to: nobody, title: t}}"))
    )
    assert not anybody.is_valid(data(RULE.format(when="leg.down", step="{notify: {title: t}}")))


def _keys(schema: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        for name, below in (
            schema.get("properties", {}).items()
            if isinstance(schema.get("properties"), dict)
            else ()
        ):
            yield f"{place}.{name}", below
        for name, below in schema.items():
            yield from _keys(below, f"{place}.{name}")


def test_every_key_is_explained() -> None:
    """An editor has a sentence for each key of the language."""
    keys = list(_keys(schema_of(VOCABULARY)))
    assert len(keys) > 80
    assert [place for place, below in keys if not below.get("description")] == []


def test_an_editor_marks_most_mistakes() -> None:
    """Of the broken files that are YAML at all most do not fit; the others only the reader can
    judge, such as expressions.
    """
    whole = [value for path in BROKEN if (value := parsed(path)) is not None]
    assert sum(not VALIDATOR.is_valid(value) for value in whole) > len(whole) / 2


def parsed(path: Path) -> Any:
    """Plain data of a broken file, None where it is no YAML."""
    try:
        return data(path.read_text(encoding="utf-8"))
    except Exception:  # noqa: BLE001  whatever is wrong with it is another test's
        return None


def test_the_events_offered_are_all_there_are() -> None:
    """Every event of the catalogue, and the webhooks of the settings."""
    offered = schema_of(VOCABULARY)["$defs"]["GivenModel"]["properties"]["type"]["anyOf"][0]["enum"]
    assert set(offered) == {*builder.EVENTS, "webhook.demo"}
    assert (
        parse(
            read(RULE.format(when="webhook.demo", step="{notify: {to: noc, title: t}}"), "r.yaml"),
            VOCABULARY,
        )[1]
        == []
    )
