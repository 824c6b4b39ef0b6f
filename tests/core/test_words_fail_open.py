"""A text that cannot be written costs nothing that would be told; a guard or an argument still lets
nothing through.
"""

from dataclasses import replace
from typing import Any

import pytest

from bridge.actions.webhook import cloud_event
from bridge.core.backtesting.rule_examples import failures
from bridge.core.decisions import job_planning
from bridge.core.decisions.evaluate import close_group, evaluate
from bridge.core.model import Decision, Event, Outcome, Reason, Ruling
from bridge.core.requests import WebhookRequest
from bridge.core.rules.rule import Rule
from tests.core.builders import NOW, VOCABULARY, answering, context, down, event, later, rules

WORDS = replace(VOCABULARY, hooks=frozenset({"ticketing"}))
LOST = "${leg.down_speed / 1000} Gbit/s lost"
HEADLINE = "leg cable of acme is down"
WHY = "leg.down_speed / 1000: "


def rule(do: str, when: str = "leg.down") -> Rule:
    """One rule with these steps."""
    (one,) = rules(f"id: a\nwhen: {when}\ndo:\n{do}", WORDS)
    return one


def decided(do: str, told: Event | None = None) -> Decision:
    """What a rule with these steps says to a leg that is down, whose speed is not known."""
    return evaluate(rule(do), told or down(), answering(), context())


def requests(decision: Decision) -> list[Any]:
    """What it asks for, in order."""
    return [job.request.stored() for job in decision.jobs]


def test_a_title_that_cannot_be_written_costs_no_notice() -> None:
    """The second of two notices reckons with null: both are told, the second with the headline and
    why.
    """
    made = decided(
        f"  - notify: {{to: boss, title: first}}\n  - notify: {{to: boss, title: '{LOST}', body:"
        " more}\n"
    )
    assert made.verdict.ruling is Ruling.ACT
    first, second = requests(made)
    assert (first["title"], first["body"]) == ("first", "")
    assert second["title"] == HEADLINE
    assert second["body"].startswith(f"more\nThe rule's title could not be written: {WHY}")
    assert [line["step"] for line in made.trace if line["says"] == "could not be written"] == [
        "text"
    ]


@pytest.mark.parametrize(
    ("title", "body", "shown", "below"),
    [
        ("t", LOST, "t", [HEADLINE, "The rule's body could not be written"]),
        (LOST, LOST, HEADLINE, ["The rule's title could", "The rule's body could"]),
        ("${leg.note}${''}", "b", "?", ["b"]),
        ("${''}", "b", HEADLINE, ["b"]),
        ("${' '} ", "", HEADLINE, []),
        ("${[1][5]}", "", HEADLINE, ["The rule's title could"]),
        ("${1.0 / 0.0}", "", HEADLINE, ["The rule's title could"]),
    ],
)
def test_what_stands_in_the_place_of_a_text(
    title: str, body: str, shown: str, below: list[str]
) -> None:
    """The headline, once; a line for each text that could not be written; and no title is ever
    blank.
    """
    (request,) = requests(decided(f'  - notify: {{to: boss, title: "{title}", body: "{body}"}}\n'))
    assert request["title"] == shown
    lines = request["body"].splitlines()
    assert len(lines) == len(below)
    assert all(line.startswith(begins) for line, begins in zip(lines, below, strict=True))


def test_a_followed_notice_is_followed_whatever_its_title() -> None:
    """What follows a notice goes by its request: the headline, and everything that it was to be
    followed by.
    """
    do = (
        f"  - notify: {{to: noc, title: '{LOST}', follow: {{repeat_every: 1h, escalate: {{after:"
        " 15m, to: boss}}}\n"
    )
    for request in requests(decided(do)):
        assert request["title"] == HEADLINE
        assert request["follow"] == {
            "repeat_every": 3600.0,
            "escalate": {"after": 900.0, "to": "boss", "targets": 1},
        }


def test_a_text_for_another_system_is_sent_and_says_so() -> None:
    """Of a webhook's data a text becomes the headline and a value null; an extension of the event
    says which and why.
    """
    do = (
        f"  - webhook: {{to: ticketing, data: {{text: '{LOST}', speed: '${{leg.down_speed /"
        " 1000}', leg: '${leg.id}'}}\n"
    )
    (request,) = requests(decided(do))
    assert request["data"] == {"text": HEADLINE, "speed": None, "leg": 7}
    assert f'"unwritten": "text: {WHY}' in cloud_event("hq", WebhookRequest.of(request))
    assert f"; speed: {WHY}" in cloud_event("hq", WebhookRequest.of(request))


def test_an_answer_in_chat_that_cannot_be_written_is_given() -> None:
    """A person who said a command hears that it was taken, whatever becomes of the rule's own
    words.
    """
    (one,) = rules(
        "id: a\nwhen: {chat: {command: speed}}\ndo: [{reply: {text: '${1 / size(chat.args)}"
        " Mbit/s'}}]\n",
        WORDS,
    )
    said = event(
        "chat.command", chat={"command": "speed", "args": [], "who": "ann", "role": "operator"}
    )
    (request,) = requests(evaluate(one, said, answering(), context()))
    first, why = request["text"].splitlines()
    assert first
    assert why.startswith("The rule's text could not be written: 1 / size(chat.args)")


def test_a_notice_of_a_failure_is_told_whatever_its_text() -> None:
    """Below on_failure what failed and how stands in the place of the text; a condition that fails
    costs only its own step.
    """
    one = rule(
        "  - call: bond.restart\n    with: {bond: '${bond.id}'}\n    on_failure:\n"
        f"      - {{notify: {{to: boss, title: '{LOST}'}}}}\n"
        "      - {if: leg.down_speed > 5, notify: {to: boss, title: never}}\n"
        "      - {notify: {to: boss, title: '${job.outcome}'}}\n"
    )
    occasion = job_planning.Occasion(one, "d", (down(),), answering(), NOW, NOW, _scene(down()))
    (failed,) = job_planning.planned(occasion).jobs
    said = job_planning.outcome_said(failed, Outcome.REFUSED, "409")
    made = job_planning.on_failure(one.steps[0], failed, (down(),), later(5), answering(), said)
    assert [job.request.stored()["title"] for job in made.jobs] == [
        "bond.restart bond=3: refused, 409",
        "refused",
    ]
    assert [why.partition(":")[0] for why in made.left_out] == ["on_failure, notify boss"]


def test_a_step_whose_condition_fails_costs_only_itself() -> None:
    """It is left out, with why; what is told beside it is told."""
    made = decided(
        "  - {if: leg.down_speed > 5, notify: {to: boss, title: a}}\n  - notify: {to: boss, title:"
        " b}\n"
    )
    assert [request["title"] for request in requests(made)] == ["b"]
    assert made.left_out[0].startswith("notify boss: leg.down_speed > 5: ")


def test_a_call_whose_argument_cannot_be_read_is_not_made_and_that_is_told() -> None:
    """It and what comes after it are left out, as after a call that failed; what is told before it
    says so.
    """
    do = (
        "  - notify: {to: boss, title: 'restarting'}\n"
        "  - call: bond.restart\n    with: {bond: '${leg.down_speed / 1000}'}\n"
        "  - notify: {to: boss, title: 'restarted'}\n"
    )
    made = decided(do)
    (request,) = requests(made)
    assert request["title"] == "restarting"
    assert request["body"].startswith(f"Not done: call bond.restart: {WHY}")
    assert made.verdict.ruling is Ruling.ACT
    alone = decided("  - call: bond.restart\n    with: {bond: '${leg.down_speed / 1000}'}\n")
    assert (alone.verdict.ruling, alone.verdict.reason, alone.jobs) == (
        Ruling.SKIP,
        Reason.CONDITION_ERROR,
        (),
    )


def test_one_turn_that_cannot_be_read_costs_no_other() -> None:
    """Of a call for each bond the others are made; what comes after the step is not, as when one of
    its calls fails.
    """
    text = (
        "id: a\nwhen: leg.down\ngroup: {wait: 30s}\ndo:\n  - notify: {to: boss}\n  - {call:"
        " bond.restart, each: bond, with: {bond: '${12 / (bond.id - 4) < 100 ? bond.id : 0}'}}\n  -"
        " notify: {to: boss, title: all of them}\n"
    )
    (one,) = rules(text, WORDS)
    members = [down(f"e{bond}", bond) for bond in (3, 4, 5)]
    made, _ = close_group(one, members, "g", later(30), answering(), context(later(30)))
    notice, *calls = requests(made)
    assert [request["arguments"]["bond"] for request in calls] == [3, 5]
    assert notice["body"].startswith("Not done: call bond.restart 4: ")


def test_an_example_whose_texts_cannot_be_written_does_not_hold() -> None:
    """What would be told in other words than the rule's is found before it is live."""
    text = (
        f"id: a\nwhen: leg.down\ndo: [{{notify: {{to: boss, title: '{LOST}'}}}}]\nexamples:\n  - "
    )
    (one,) = rules(text + "{given: [{type: leg.down}], then: {verdict: act}}\n", WORDS)
    (said,) = failures(one, WORDS)
    assert said.startswith(f"a, example 1: text could not be written: {WHY}")


def _scene(one: Event) -> Any:
    from bridge.core.decisions import expression_context  # noqa: PLC0415

    return expression_context.of((one,), NOW, answering())
