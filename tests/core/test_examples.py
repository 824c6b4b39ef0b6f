"""A rule's own examples."""

import pytest

from bridge.core import bodies, examples, schema
from bridge.core.model import Reason, Ruling
from bridge.core.rule_file import GivenModel

from .made import VOCABULARY, rule

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
    return list(examples.failures(rule(HEAD + "  - " + example), VOCABULARY))


@pytest.mark.parametrize(
    "example",
    [
        f"{{given: [{THREE}], then: {{verdict: act}}}}",
        "{given: [{type: leg.down, data: {bond: {id: 4}}}], then: {verdict: skip, reason: condition}}",
        "{given: [{type: leg.down, data: {bond: {id: 4}}}], then: {verdict: skip}}",
        "{given: [{type: leg.down}], then: {verdict: skip, reason: condition}}",
        f"{{given: [{THREE}, {{at: 9m59s, {THREE[1:]}], then: {{verdict: skip, reason: cooldown}}}}",
        f"{{given: [{THREE}, {{at: 10m, type: leg.down, data: {{bond: {{id: 3}}}}}}], then: {{verdict: act}}}}",
    ],
)
def test_examples_that_hold(example: str) -> None:
    """An example that gets its verdict says nothing."""
    assert told(example) == []


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        (f"{{given: [{THREE}], then: {{verdict: skip}}}}", "a, example 1: expected skip, got act"),
        (f"{{given: [{THREE}, {THREE}], then: {{verdict: act}}}}",
         "a, example 1: expected act, got skip(cooldown): the last one ended 0s ago, at most one in 10m"),
        ("{given: [{type: leg.down}], then: {verdict: skip, reason: expired}}",
         "a, example 1: expected skip(expired), got skip(condition): bond.id == 3"),
    ],
)  # fmt: skip
def test_examples_that_fail_say_why(example: str, sentence: str) -> None:
    """An example that gets another verdict or another reason is one sentence with both."""
    assert told(example) == [sentence]


def test_each_example_is_played_alone() -> None:
    """What one example admitted does not hold the next, and the numbers count from one."""
    two = f"{{given: [{THREE}], then: {{verdict: act}}}}\n  - {{given: [{THREE}], then: {{verdict: ask}}}}"
    assert told(two) == ["a, example 2: expected ask, got act"]


def test_an_event_of_another_type_is_played_as_given() -> None:
    """An example whose event the rule does not listen to must not be told that the rule would act on it."""
    deaf = rule(HEAD.replace("if: bond.id == 3\n", "") + "  - {given: [{type: leg.up}], then: {verdict: act}}")
    assert list(examples.failures(deaf, VOCABULARY)) != []


def test_imagined_events_are_whole() -> None:
    """What an example leaves out is null, and what it gives stands beside it."""
    made = examples.imagine(GivenModel(type="leg.down", data={"leg": {"name": "x"}}), VOCABULARY, "e")
    assert made.data["leg"] == {**schema.blank(bodies.BODIES["leg"]), "name": "x"}
    assert made.data["bond"] == schema.blank(schema.BOND_NOUN)
    hook = examples.imagine(GivenModel(type="webhook.chat", data={"body": {"a": {"b": 1}}}), VOCABULARY, "e")
    assert hook.data["body"] == {"a": {"b": 1}}


def test_the_verdict_of_the_last_event_counts() -> None:
    """An example with several events is about the last."""
    one = rule(HEAD + f"  - {{given: [{THREE}, {{type: leg.down}}], then: {{verdict: skip, reason: condition}}}}")
    verdict = examples.play(one, one.examples[0], VOCABULARY)
    assert (verdict.ruling, verdict.reason) == (Ruling.SKIP, Reason.CONDITION)
