"""One bad thing spoils nothing else: it is set aside with a reason, shown, told once, and the rest
goes on.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.setup import doctor_database
from bridge.core.decisions import evaluate, guards, level_triggers
from bridge.core.decisions.guards import Intent
from bridge.core.events import builder
from bridge.core.model import Reason, Ruling
from bridge.core.rules import cron
from bridge.pipeline.decide import scheduled_events
from bridge.pipeline.interpret import batch_context, incident_lifecycle, interpreter
from bridge.pipeline.messages import command_updates
from bridge.pipeline.notifications import follow_up
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.observations import events as event_store
from tests.pipeline.harness import Stage, staged
from tests.pipeline.injected import fails

RULES = """
- id: good
  when: webhook.demo
  do: [{notify: {to: noc, title: "good ${event.data.body.bond}"}}]
- id: bad
  when: webhook.demo
  do: [{notify: {to: noc, title: "bad"}}]
- id: calls
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
- id: gathers
  when: webhook.demo
  group: {by: event.type, wait: 10s}
  do: [{notify: {to: noc, title: "${size(events)} of them"}}]
- id: waits
  when: {absent: {after: webhook.demo, of: leg.mode_changed, within: 10s}}
  do: [{notify: {to: noc, title: "none came"}}]
- id: clock
  when: {schedule: {cron: "* * * * *", zone: UTC}}
  do: [{notify: {to: noc, title: "a minute"}}]
- id: lasts
  when: leg.down
  still: true
  do: [{notify: {to: noc, title: "down"}}]
- id: slow
  when: webhook.demo
  if: has(event.data.body.xs) && event.data.body.xs.all(a, event.data.body.xs.exists_one(b, a == b))
  do: [{notify: {to: noc, title: "all different"}}]
- id: troubles
  when: internal.error
  do: [{notify: {to: noc, title: "${fault.about}: ${fault.detail}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, database: Database) -> Iterator[Stage]:
    """The stage with these rules, on both databases."""
    url = database.engine.url.render_as_string(hide_password=False)
    with staged(tmp_path / "stage", rules=RULES, database=url) as ready:
        yield ready


def rulings(stage: Stage, rule: str) -> list[str]:
    """What a rule decided, oldest first."""
    made = [each for each in stage.decisions() if each["rule"] == rule]
    return [
        f"{each['ruling']}({each['reason']})" if each["reason"] else each["ruling"] for each in made
    ]


def faults(stage: Stage) -> list[str]:
    """What was told of faults, oldest first; what is decided for the bridge itself fails on its
    own.
    """
    told = [each["data"]["fault"] for each in stage.events("internal.error")]
    return [f"{each['step']}: {each['about']}" for each in told if each["server"] != "bridge"]


def test_a_rule_that_fails_is_set_aside_and_told_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a guard, for every event: its decisions say why, the others decide, health and doctor name
    it, one event tells it.
    """
    muted = [(name, guard) for name, guard in guards.TELLING if name != "silence"]

    def broken(intent: Intent) -> None:
        if intent.rule.id == "bad":
            raise KeyError("injected")

    monkeypatch.setattr(guards, "TELLING", (("silence", broken), *muted))
    for nonce in "abc":
        stage.webhook(1, nonce)
    stage.work()
    assert rulings(stage, "bad") == ["skip(internal_error)"] * 3
    assert rulings(stage, "good") == rulings(stage, "calls") == ["act"] * 3
    assert faults(stage) == ["decide: rule bad"]
    assert rulings(stage, "troubles") == ["act"]
    (told,) = [each["request"]["title"] for each in stage.jobs() if each["rule"] == "troubles"]
    assert told == "rule bad: KeyError: 'injected'"
    report = stage.health()
    assert (report["status"], report["counts"]["internal_errors"]) == ("degraded", 1)
    ((what, says),) = doctor_database.set_aside(stage.bridge)
    assert what == "rule bad of demo (decide)"
    assert "set aside 3 times" in says
    assert "KeyError: 'injected'" in says
    monkeypatch.undo()
    stage.webhook(1, "d")
    stage.sim.advance(7200)
    stage.work()
    assert rulings(stage, "bad")[-1] == "act"
    assert stage.health()["counts"]["internal_errors"] == 0


PLACES: list[tuple[str, Any, str, Callable[..., bool], str]] = [
    ("hears", evaluate, "accepts", lambda rule, _: rule.id == "bad", "decide: rule bad"),
    (
        "a decision that cannot be written",
        decision_store,
        "_row",
        lambda made, _: made.rule == "bad" and made.facts,
        "decide: rule bad",
    ),
    ("its words", command_updates, "_talks", lambda *_: True, "answer: what comes of rule calls"),
    (
        "the end of what was told",
        follow_up,
        "over",
        lambda *_: True,
        "decide: what ends by an event",
    ),
    (
        "interpret",
        interpreter,
        "_known",
        lambda _, event: event.type == "webhook.demo",
        "interpret: an event webhook.demo",
    ),
    (
        "surroundings",
        batch_context,
        "named_by",
        lambda event: event.type == "webhook.demo",
        "interpret: an event webhook.demo",
    ),
    ("calm legs", interpreter.Interpreter, "timers", lambda *_: True, "decide: legs that are calm"),
    ("incidents", incident_lifecycle, "look", lambda *_: True, "decide: incidents that are over"),
    ("the clock", scheduled_events.Timing, "run", lambda *_: True, "decide: what the clock brings"),
    ("what waits", scheduled_events.Timing, "to_sweep", lambda *_: True, "decide: what waits"),
    ("a schedule", cron, "following", lambda *_: True, "schedule: rule clock"),
    ("a sweep", level_triggers, "found", lambda rule, *_: rule.id == "lasts", "sweep: rule lasts"),
]


@pytest.mark.takes(20)
def test_whatever_fails_while_deciding_the_others_decide(stage: Stage) -> None:
    """At each step in turn: the event is decided by all other rules within two rounds, and the
    fault is told once.
    """
    told = 0
    seen = {}
    stage.set("leg", 1, "state", "down")
    stage.live(30)
    for number, (name, place, function, when, _) in enumerate(PLACES):
        stage.sim.advance(3700)
        with (
            stage.bridge.database.writing() as connection
        ):  # at its end each rule looks for what is so already
            controls.pause(connection, "demo", stage.now(), "ana", "")
            controls.resume(connection, "demo", stage.now(), "ana")
        with pytest.MonkeyPatch.context() as patch:
            fails(patch, place, function, when)
            event = stage.webhook(1, f"n{number}")
            stage.work()
            stage.sim.advance(1)
            stage.work()
        made = {each["rule"]: each["ruling"] for each in stage.story(event)["decisions"]}
        assert made["good"] == "act", name
        assert {"bad", "calls", "gathers", "waits"} <= made.keys(), name
        new = faults(stage)[told:]
        seen[name] = new
        told += len(new)
    assert seen == {name: [fault] for name, _, _, _, fault in PLACES}


def test_an_event_whose_meaning_is_not_known_is_told_and_not_acted_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interpreting fails on one of three: rules that tell, tell; a rule that calls is skipped, and
    says why.
    """
    poison = stage.webhook(1, "poison")
    fails(monkeypatch, interpreter, "_known", lambda _, event: event.id == poison)
    others = [stage.webhook(bond, "well") for bond in (1, 2)]
    stage.work()
    for event, ruling, reason in (
        (poison, Ruling.SKIP, Reason.INTERNAL_ERROR),
        *((each, Ruling.ACT, None) for each in others),
    ):
        made = {
            each["rule"]: (each["ruling"], each["reason"])
            for each in stage.story(event)["decisions"]
        }
        assert made["good"] == (Ruling.ACT, None)
        assert made["calls"] == (ruling, reason)


def test_what_waits_and_what_is_gathered_goes_on_beside_a_fault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged again and closed, a rule that fails is settled with the reason, and nothing of it is
    tried for ever.
    """
    stage.webhook(1)
    stage.work()
    assert rulings(stage, "gathers") == ["wait(group)"]
    assert rulings(stage, "waits") == ["wait(absent)"]
    fails(monkeypatch, evaluate, "re_evaluate", lambda *_: True)
    fails(monkeypatch, evaluate, "close_group", lambda *_: True)
    stage.sim.advance(11)
    later = stage.webhook(2)
    stage.work()
    assert rulings(stage, "waits")[0] == "skip(internal_error)"
    assert rulings(stage, "gathers")[0] == "skip(internal_error)"
    assert {each["rule"] for each in stage.story(later)["decisions"]} >= {"good", "bad", "calls"}
    assert stage.bridge.decider.waiting() == []


def test_a_database_that_is_away_is_no_fault_of_a_rule(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again as a whole, and nothing is set aside."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    stage.webhook(1)
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "evaluate", away)
        with pytest.raises(OperationalError):
            stage.work()
    stage.work()
    assert rulings(stage, "good") == ["act"]
    assert faults(stage) == []


def test_a_condition_that_takes_too_long_costs_one_event_and_nothing_else(stage: Stage) -> None:
    """Over seven thousand numbers that a stranger brings: its rule is yellow for it; rules and
    events beside it are decided.
    """
    now = stage.now()
    many, few = (
        builder.make(
            builder.webhook("demo"),
            server="demo",
            subject="webhook/demo",
            n=count,
            time=now,
            seen_at=now,
            data={"body": {"bond": 1, "xs": list(range(count))}, "reach": None},
        )
        for count in (7000, 30)
    )
    with stage.bridge.database.writing() as connection:
        event_store.record(connection, [many, few])
    stage.work()
    ((rule, says),) = doctor_database.yellow(stage.bridge)
    assert rule == "slow"
    assert says.endswith("took too long")
    made = {each["rule"]: each["ruling"] for each in stage.story(many.id)["decisions"]}
    assert (made["good"], made["slow"]) == ("act", "skip")
    assert {each["rule"]: each["ruling"] for each in stage.story(few.id)["decisions"]}[
        "slow"
    ] == "act"
    assert stage.bridge.decider.waiting() == []
