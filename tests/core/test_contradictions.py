"""Rules that want opposite things, found when they are loaded."""

import pytest

from bridge.core.rules.lint_conflicts import contradictions
from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.yaml_document import read

TUNING = ("bond", "tuning")
VOCABULARY = Vocabulary(
    operations={
        "bond_tuning.accept": TUNING,
        "bond_tuning.decline": TUNING,
        "bond_tuning.cancel": TUNING,
        "bond_tuning.start": ("bond",),
        "leg.update": ("leg",),
        "interface_leg.update": ("leg",),
        "bond.restart": ("bond",),
    },
    channels={"noc": 1},
    takes={"leg.update": True, "interface_leg.update": True},
)
IDLE_OR_ACTIVE = 'leg.update sets link_mode to "idle" against "active"'
THIS = 'with: {bond: "${bond.id}", tuning: "${tuning.id}"}'
ACCEPT, DECLINE, CANCEL = (
    f"{{call: bond_tuning.{verb}, {THIS}}}" for verb in ("accept", "decline", "cancel")
)
START = '{call: bond_tuning.start, with: {bond: "${bond.id}"}}'


def mode(value: str, operation: str = "leg.update", leg: str = "${leg.id}") -> str:
    """A step that sets a leg's mode."""
    return (
        f"{{call: {operation}, with: {{leg: '{leg}'}}, set: {{link_mode: {value}, note: {value}}}}}"
    )


def said(one: str, other: str, when: str, more: str = "", other_when: str = "") -> list[str]:
    """What is said of two rules that each have one step."""
    text = (
        f"- {{id: one, when: {when}, do: [{one}]}}\n- {{id: other, when: {other_when or when}, do:"
        f" [{other}]{more}}}\n"
    )
    rules, wrong = parse(read(text, "rules/test.yaml"), VOCABULARY)
    assert not wrong, [str(each) for each in wrong]
    return contradictions(rules)


@pytest.mark.parametrize(
    ("one", "other", "when", "what"),
    [
        (
            ACCEPT,
            DECLINE,
            "bond_tuning.recommended",
            "bond_tuning.accept against bond_tuning.decline",
        ),
        (CANCEL, START, "bond_tuning.started", "bond_tuning.cancel against bond_tuning.start"),
        (mode("idle"), mode("active"), "leg.down", IDLE_OR_ACTIVE),
        (
            mode("idle"),
            mode("active", "interface_leg.update"),
            "'leg.*'",
            'leg.update sets link_mode to "idle" against "active"',
        ),
        (mode("idle", leg="3"), mode("active"), "leg.down", IDLE_OR_ACTIVE),
    ],
)
def test_opposites_are_one_sentence(one: str, other: str, when: str, what: str) -> None:
    """Two live rules that can meet one event and undo each other are named, with what each wants
    and how to mend it.
    """
    (sentence,) = said(one, other, when)
    assert sentence.startswith("the rules one and other want opposite things of one object")
    assert what in sentence
    assert sentence.endswith("give one a `priority`")


@pytest.mark.parametrize(
    ("one", "other", "when", "more", "other_when"),
    [
        (ACCEPT, ACCEPT, "bond_tuning.recommended", "", ""),
        (ACCEPT, START, "bond_tuning.recommended", "", ""),
        (ACCEPT, DECLINE, "bond_tuning.recommended", ", priority: 1", ""),
        (ACCEPT, DECLINE, "bond_tuning.recommended", ", mode: dry_run", ""),
        (mode("idle"), mode("active"), "leg.down", "", "leg.up"),
        (mode("idle"), mode("idle"), "leg.down", "", ""),
        (mode("idle"), mode("'${leg.mode}'"), "leg.down", "", ""),
        (mode("idle", leg="3"), mode("active", leg="4"), "leg.down", "", ""),
        (mode("idle"), "{notify: {to: noc, title: t}}", "leg.down", "", ""),
    ],
    ids=[
        "same",
        "other verbs",
        "priority",
        "dry run",
        "other events",
        "same value",
        "not literal",
        "other objects",
        "notice",
    ],
)
def test_what_is_no_contradiction_is_not_told(
    one: str, other: str, when: str, more: str, other_when: str
) -> None:
    """Rules that agree, that never meet, or of which one has its way are left alone."""
    assert said(one, other, when, more, other_when) == []


def test_conditions_that_exclude_each_other_make_no_contradiction() -> None:
    """Rules for different types of leg never meet one event, so they may want different things."""
    text = "".join(
        f"- {{id: {name}, when: leg.down, if: 'leg.type == \"{name}\"', do: [{mode(value)}]}}\n"
        for name, value in (("mobile", "idle"), ("dsl", "active"))
    )
    rules, wrong = parse(read(text, "rules/test.yaml"), VOCABULARY)
    assert (len(rules), wrong, contradictions(rules)) == (2, [], [])


def test_the_clock_calls_each_rule_by_itself() -> None:
    """Idle at night and active by day is no contradiction; both at one moment is."""
    # braces of YAML
    night, day = ('{schedule: {cron: "0 %s * * *", zone: UTC}}' % hour for hour in ("22", "6"))  # noqa: UP031
    assert said(mode("idle", leg="3"), mode("active", leg="3"), night, other_when=day) == []
    assert said(mode("idle", leg="3"), mode("active", leg="3"), night, other_when=night) != []
