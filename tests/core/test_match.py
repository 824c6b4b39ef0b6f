"""Rules meet events."""

import json

import pytest

from bridge.core.decisions import expression_context
from bridge.core.decisions.evaluate import evaluate
from bridge.core.decisions.facts import RecordedFacts, RecordingFacts
from bridge.core.decisions.guards import ACT, DECIDING, cooldown_key
from bridge.core.model import Event, JobState, Mode, Reason, Ruling

from .builders import (
    COOLING,
    NOW,
    RESTART,
    answering,
    context,
    decide,
    down,
    event,
    later,
    memory,
    rule,
    rules,
)

TELL = "do: [{notify: {to: boss, title: 'leg ${leg.name}'}}]"


@pytest.mark.parametrize(
    ("text", "age", "verdict"),
    [
        (f"id: a\nwhen: leg.down\n{TELL}", 0, "act"),
        (f"id: a\nwhen: leg.down\nif: leg.name == 'cable'\n{TELL}", 0, "act"),
        (f"id: a\nwhen: leg.down\nif: leg.name == 'fibre'\n{TELL}", 0, "skip(condition)"),
        (
            f"id: a\nwhen: leg.down\nif: event.data.old.name == 'x'\n{TELL}",
            0,
            "skip(condition_error)",
        ),
        (f"id: a\nwhen: leg.down\nif: dyn(leg.name)\n{TELL}", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nif: dyn(leg.note)\n{TELL}", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\n{RESTART}", 0, "skip(dry_run)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\nif: leg.id == 8\n{RESTART}", 0, "skip(condition)"),
        (f"id: a\nwhen: leg.down\n{RESTART}", 900, "act"),
        (f"id: a\nwhen: leg.down\n{RESTART}", 901, "skip(expired)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\n{RESTART}", 901, "skip(expired)"),
        (f"id: a\nwhen: leg.down\nif: leg.id == 8\n{RESTART}", 901, "skip(condition)"),
        (f"id: a\nwhen: leg.down\n{TELL}", 24 * 3600, "act"),
        (f"id: a\nwhen: leg.down\n{TELL}", 24 * 3600 + 1, "skip(expired)"),
        (
            (
                f"id: a\nwhen: leg.down\n{RESTART[:-2]}, retry: {{on: [refused], every: 1m, until:"
                " 6h}}]"
            ),
            6 * 3600,
            "act",
        ),
        (
            "id: a\nwhen: leg.down\ndo: [{notify: {to: noc, title: '${event.data.old.name}'}}]",
            0,
            "act",
        ),
        (
            "id: a\nwhen: leg.down\ndo: [{notify: {to: noc, title: '${1 / (leg.id - 7)}'}}]",
            0,
            "act",
        ),
        (
            (
                "id: a\nwhen: leg.down\nguard: {cooldown: {every: 1m, per: '1 / (leg.id -"
                f" 7)'}}}}\n{TELL}"
            ),
            0,
            "skip(condition_error)",
        ),
        (f"{COOLING}", 0, "act"),
    ],
)
def test_every_meeting_has_a_verdict_with_its_reason(text: str, age: float, verdict: str) -> None:
    """Condition, expiry and mode in this order; what cannot be evaluated lets nothing through."""
    decision = evaluate(rule(text), event_with_no_before(), answering(), context(later(age)))
    assert str(decision.verdict) == verdict
    assert bool(decision.jobs) == (decision.verdict.ruling is Ruling.ACT)
    assert decision.verdict.detail or decision.verdict == ACT


def event_with_no_before() -> Event:
    """A leg that is down, of which nobody knew before."""
    told = down()
    return Event(
        told.id,
        told.type,
        told.server,
        told.subject,
        told.time,
        told.seen_at,
        {**told.data, "old": None},
    )


def test_what_a_decision_holds() -> None:
    """A decision names its event, rule, rulebook and moment, the jobs in order of their steps, and
    the trace of how.
    """
    one = rule(
        "id: a\nwhen: leg.down\nif: leg.id == 7\ndo:\n  - {call: bond.restart, with: {bond:"
        " '${bond.id}'}}\n  - notify: {to: noc, title: '${bond.name}: ${leg.note}'}"
    )
    decision = evaluate(one, down(), answering(), context(later(5)))
    assert (decision.event, decision.rule, decision.rulebook, decision.at) == (
        "e1",
        "a",
        "book",
        later(5),
    )
    assert decision.verdict == ACT
    assert [(job.step, job.action, job.request.stored(), job.state) for job in decision.jobs] == [
        (0, "call", {"operation": "bond.restart", "arguments": {"bond": 3}}, JobState.DUE),
        (
            1,
            "notify",
            {"to": "noc", "target": 0, "title": "acme: ?", "body": "", "severity": "info"},
            JobState.WAITING,
        ),
        (
            1,
            "notify",
            {"to": "noc", "target": 1, "title": "acme: ?", "body": "", "severity": "info"},
            JobState.WAITING,
        ),
    ]
    assert len({job.id for job in decision.jobs}) == 3
    assert {job.due_at for job in decision.jobs} == {later(5)}
    assert [job.not_after for job in decision.jobs] == [later(900), later(86400), later(86400)]
    assert [(each["step"], each["says"]) for each in decision.trace] == [
        ("when", "holds"),
        ("if", "holds"),
        ("guard expired", "in time"),
        *((f"guard {name}", "lets through") for name, _ in DECIDING),
        ("mode", "does"),
    ]


def test_a_dry_run_says_what_it_would_do() -> None:
    """The trace of a dry run holds the requests that were not made."""
    decision = evaluate(rule(f"mode: dry_run\n{COOLING}"), down(), answering(), context())
    assert (decision.trace[-1]["says"], decision.trace[-1]["about"]) == ("would do", "dry_run")
    assert decision.trace[-1]["detail"] == [
        {"action": "call", "operation": "bond.restart", "arguments": {"bond": 3}}
    ]


def test_forced_live_acts_although_the_rule_is_dry() -> None:
    """Where it is forced, a dry rule acts, in the books of a live one."""
    decision = evaluate(
        rule(f"mode: dry_run\n{COOLING}"), down(), answering(), context(forced_live=True)
    )
    assert str(decision.verdict) == "act"
    assert decision.facts["mode"] == "live"
    assert decision.cooldowns == evaluate(rule(COOLING), down(), answering(), context()).cooldowns


def test_the_facts_of_a_decision_are_stored_with_it() -> None:
    """Event, moment, rule, mode and the cooldown as it stood: all the verdict was made from, as
    plain data.
    """
    one = rule(COOLING)
    key = cooldown_key(one, "main", 3, Mode.LIVE)
    held = {"by": "other", "ended_at": "2026-03-01T12:00:00+00:00"}
    decision = evaluate(one, down(), answering(cooldown=held), context(later(1)))
    assert decision.facts == {
        "events": [["e1", "2026-03-01T12:00:00+00:00"]],
        "known": {},
        "now": "2026-03-01T12:00:01+00:00",
        "ripe": None,
        "rule": one.hash,
        "mode": "live",
        "asked": {"spaces main": None, f"cooldown {key}": held},
    }
    free = evaluate(one, down(), answering(), context()).facts["asked"]
    assert free[f"cooldown {key}"] is None
    assert {"tripped a main", "paused main", "hands_off main 3"} <= free.keys()


def test_a_verdict_can_be_made_again_from_its_facts() -> None:
    """The answers that were kept, and nothing else, come to the same decision."""
    one = rule(COOLING)
    kept = evaluate(one, down(), RecordingFacts(memory(one)), context())
    assert (
        evaluate(one, down(), RecordingFacts(RecordedFacts(kept.facts["asked"])), context()) == kept
    )
    with pytest.raises(KeyError):
        evaluate(one, down(bond=4), RecordingFacts(RecordedFacts(kept.facts["asked"])), context())


def test_only_rules_that_listen_meet_an_event() -> None:
    """An event that no rule names makes no decision; each rule that names it makes one, in the
    rules' order.
    """
    book = rules(
        f"- {{id: z, when: 'leg.*', {TELL}}}\n- {{id: a, when: leg.down, {TELL}}}\n- {{id: m, when:"
        f" bond.added, {RESTART}}}"
    )
    made = decide(
        book, [event("aggregator.failed", "e0"), down("e1"), event("leg.up", "e2")], memory(*book)
    )
    assert [(each.event, each.rule) for each in made] == [("e1", "z"), ("e1", "a"), ("e2", "z")]


def test_webhooks_are_stale_sooner() -> None:
    """What another system asks for is acted on for two minutes, unless the step says otherwise."""
    one = rule(
        "id: a\nwhen: webhook.chat\ndo: [{call: bond.restart, with: {bond: '${body.bond}'}}]"
    )
    told = event("webhook.chat", body={"bond": 3})
    assert evaluate(one, told, answering(), context(later(120))).jobs[0].request.stored()[
        "arguments"
    ] == {"bond": 3}
    assert str(evaluate(one, told, answering(), context(later(121))).verdict) == "skip(expired)"
    assert (
        str(evaluate(one, event("webhook.chat", body={}), answering(), context()).verdict)
        == "skip(condition_error)"
    )


@pytest.mark.parametrize(
    "title",
    [
        "${timestamp(now)}",
        "${duration('1h')}",
        "${1.0 / 0.0}",
        "${b'x'}",
        "${leg.id}",
        "${leg.note}",
    ],
)
def test_a_notice_is_text_that_can_be_stored(title: str) -> None:
    """Whatever a title's expression gives, the notice it becomes is text, or the decision says why
    there is none.
    """
    decision = evaluate(
        rule(f'id: a\nwhen: leg.down\ndo: [{{notify: {{to: boss, title: "{title}"}}}}]'),
        down(),
        answering(),
        context(),
    )
    json.dumps(
        [job.request.stored() for job in decision.jobs] + list(decision.trace), allow_nan=False
    )
    assert all(isinstance(job.request.stored()["title"], str) for job in decision.jobs)


@pytest.mark.parametrize("per", ["body.site", "body"])
@pytest.mark.parametrize(
    "site", ["\ud800", "a\x00b", 10**30, None, [], {"id": {"a": [1]}}], ids=repr
)
def test_odd_webhook_bodies_are_decided(per: str, site: object) -> None:
    """Whatever a webhook carries, a decision comes of it: an event that cannot be decided would
    hold up all after it.
    """
    one = rule(
        f"id: a\nwhen: webhook.chat\nguard: {{cooldown: {{every: 1m, per: {per}}}}}\ndo: [{{notify:"
        " {to: boss, title: t}}]"
    )
    told = event("webhook.chat", body={"site": site})
    decision = evaluate(one, told, answering(), context())
    assert decision.verdict.reason in (None, Reason.CONDITION_ERROR)
    decision.verdict.detail.encode()
    json.dumps([decision.cooldowns, decision.facts])


def test_what_expressions_see() -> None:
    """Nouns at the root and under `event.data`, times as text."""
    seen = expression_context.roots(down(time=later(-5)), NOW)
    assert seen["leg"] is seen["event"]["data"]["leg"]
    assert (seen["server"], seen["now"]) == ("main", "2026-03-01T12:00:00+00:00")
    assert seen["event"]["time"] == "2026-03-01T11:59:55+00:00"
    assert set(seen["event"]) == {"id", "type", "server", "subject", "time", "data"}
