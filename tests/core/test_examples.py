"""A rule's own examples."""

import pytest

from bridge.core.backtesting import rule_examples
from bridge.core.events import schema
from bridge.core.model import Reason, Ruling
from bridge.core.objects import object_schemas
from bridge.core.rules.models.rule import GivenModel

from .builders import VOCABULARY, rule

HEAD = """\
id: a
when: leg.down
if: bond.id == 3
guard: {cooldown: {every: 10m, per: bond}}
do: [{call: bond.restart, with: {bond: "${bond.id}"}}]
examples:
"""
THREE = "{type: leg.down, data: {bond: {id: 3}}}"


def told(example: str) -> list[str]:
    """What fails in a rule with this example."""
    return list(rule_examples.failures(rule(HEAD + "  - " + example), VOCABULARY))


@pytest.mark.parametrize(
    "example",
    [
        f"{{given: [{THREE}], then: {{verdict: act}}}}",
        (
            "{given: [{type: leg.down, data: {bond: {id: 4}}}], then: {verdict: skip, reason:"
            " condition}}"
        ),
        "{given: [{type: leg.down, data: {bond: {id: 4}}}], then: {verdict: skip}}",
        "{given: [{type: leg.down}], then: {verdict: skip, reason: condition}}",
        (
            f"{{given: [{THREE}, {{at: 9m59s, {THREE[1:]}], then: {{verdict: skip, reason:"
            " cooldown}}"
        ),
        (
            f"{{given: [{THREE}, {{at: 10m, type: leg.down, data: {{bond: {{id: 3}}}}}}], then:"
            " {verdict: act}}"
        ),
    ],
)
def test_examples_that_hold(example: str) -> None:
    """An example that gets its verdict says nothing."""
    assert told(example) == []


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        (f"{{given: [{THREE}], then: {{verdict: skip}}}}", "a, example 1: expected skip, got act"),
        (
            f"{{given: [{THREE}, {THREE}], then: {{verdict: act}}}}",
            (
                "a, example 1: expected act, got skip(cooldown): the last one ended 0s ago, at most"
                " one in 10m"
            ),
        ),
        (
            "{given: [{type: leg.down}], then: {verdict: skip, reason: expired}}",
            "a, example 1: expected skip(expired), got skip(condition): bond.id == 3",
        ),
    ],
)
def test_examples_that_fail_say_why(example: str, sentence: str) -> None:
    """An example that gets another verdict or another reason is one sentence with both."""
    assert told(example) == [sentence]


def test_each_example_is_played_alone() -> None:
    """What one example admitted does not hold the next, and the numbers count from one."""
    two = (
        f"{{given: [{THREE}], then: {{verdict: act}}}}\n  - {{given: [{THREE}], then: {{verdict:"
        " ask}}"
    )
    assert told(two) == ["a, example 2: expected ask, got act"]


def test_an_event_of_another_type_is_played_as_given() -> None:
    """An example whose event the rule does not listen to must not be told that the rule would act
    on it.
    """
    deaf = rule(
        HEAD.replace("if: bond.id == 3\n", "")
        + "  - {given: [{type: leg.up}], then: {verdict: act}}"
    )
    assert list(rule_examples.failures(deaf, VOCABULARY)) != []


def test_imagined_events_are_whole() -> None:
    """What an example leaves out is null, and what it gives stands beside it."""
    made = rule_examples.imagine(
        GivenModel(type="leg.down", data={"leg": {"name": "x"}}), VOCABULARY, "e"
    )
    assert made.data["leg"] == {**schema.blank(object_schemas.BODIES["leg"]), "name": "x"}
    assert made.data["bond"] == schema.blank(schema.BOND_NOUN)
    hook = rule_examples.imagine(
        GivenModel(type="webhook.chat", data={"body": {"a": {"b": 1}}}), VOCABULARY, "e"
    )
    assert hook.data["body"] == {"a": {"b": 1}}


def test_the_verdict_of_the_last_event_counts() -> None:
    """An example with several events is about the last."""
    one = rule(
        HEAD + f"  - {{given: [{THREE}, {{type: leg.down}}], then: {{verdict: skip, reason:"
        " condition}}"
    )
    played = rule_examples.play(one, one.examples[0], VOCABULARY)
    verdict = rule_examples.verdict_at(played, one, played.memory.now)
    assert (verdict.ruling, verdict.reason) == (Ruling.SKIP, Reason.CONDITION)


def test_an_example_can_show_what_a_dry_run_would_do() -> None:
    """With `mode: live` it is played as if the rule were live; without, as the rule is."""
    dry = HEAD.replace("examples:", "mode: dry_run\nexamples:")
    one = rule(
        dry + f"  - {{given: [{THREE}], then: {{verdict: skip, reason: dry_run, calls: []}}}}"
    )
    other = rule(
        dry + f"  - {{mode: live, given: [{THREE}], then: {{verdict: act, calls: [bond.restart]}}}}"
    )
    assert [
        *rule_examples.failures(one, VOCABULARY),
        *rule_examples.failures(other, VOCABULARY),
    ] == []


@pytest.mark.parametrize(
    ("view", "verdict"),
    [
        ("", "act"),  # as everything that an example leaves out: there, with nothing in it
        ("view: {aggregator: {'1': {standing: down}}}, ", "skip, reason: condition"),
        ("view: {aggregator: {'1': null}}, ", "skip, reason: condition_error"),
    ],
)
def test_what_the_view_shows_in_an_example(view: str, verdict: str) -> None:
    """An object that an example says nothing of has no values; null is for one that is not
    there.
    """
    text = HEAD.replace("bond.id == 3", "'!view.aggregator(1).failed'")
    one = rule(text + f"  - {{given: [{{{view}{THREE[1:]}], then: {{verdict: {verdict}}}}}")
    assert list(rule_examples.failures(one, VOCABULARY)) == []


def test_hands_off_end_in_an_example() -> None:
    """What was known of a person at work holds until then, and no longer."""
    known = 'known: {hands_off: "2026-01-06T09:10:00+00:00"}'
    given = f"[{{type: leg.down, data: {{bond: {{id: 3}}}}, {known}}}]"
    calls = "[{call: bond.restart, at: 10m}]"
    one = rule(
        HEAD + f"  - {{given: {given}, then: {{verdict: wait, reason: hands_off, calls: {calls}}}}}"
    )
    assert list(rule_examples.failures(one, VOCABULARY)) == []
