"""One job, one notice, one address, one scope on which our own code fails takes no other with
it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.call import Call
from bridge.actions.notify import Notify
from bridge.bonding import scopes
from bridge.core.decisions import guards, retry
from bridge.core.model import Job
from bridge.core.objects import snapshot_diff
from bridge.core.requests import CallRequest
from bridge.pipeline.approvals import approver
from bridge.pipeline.deliver import notification_sender, settlement
from bridge.pipeline.deliver.admission import Admission
from bridge.pipeline.deliver.settlement import Settlement
from bridge.pipeline.deliver.verification import EffectVerifier
from bridge.pipeline.messages import command_updates
from bridge.pipeline.notifications import follow_up
from bridge.pipeline.observe import poll_events, poll_schedule
from bridge.store.database import Database
from bridge.store.decisions import jobs as job_store
from bridge.store.notifications import open_notifications
from tests.pipeline.harness import Stage, staged
from tests.pipeline.injected import fails
from tests.rollout.notification_receiver import Ear, listening

RULES = """
- id: restarts
  when: webhook.demo
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
      verify: {expect: "view.bond(1) != null", within: 1m}
- id: tells
  when: webhook.demo
  do: [{notify: {to: noc, title: "bad ${event.data.body.bond}"}}]
- id: tells-well
  when: webhook.demo
  do: [{notify: {to: noc, title: "good ${event.data.body.bond}"}}]
- id: troubles
  when: internal.error
  do: [{notify: {to: noc, title: "trouble: ${fault.about}"}}]
"""


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Give somebody who listens."""
    with listening() as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, database: Database, ear: Ear) -> Iterator[Stage]:
    """The stage with these rules, on both databases."""
    url = database.engine.url.render_as_string(hide_password=False)
    with staged(tmp_path / "stage", rules=RULES, database=url, channel=ear.url) as ready:
        yield ready


def _faults(stage: Stage) -> list[str]:
    told = [each["data"]["fault"] for each in stage.events("internal.error")]
    return [f"{each['step']}: {each['about']}" for each in told]


def _of(rule: str) -> Callable[..., bool]:
    """Whether one of the arguments is a job of this rule, or what holds one."""

    def holds(*given: Any) -> bool:
        jobs = [getattr(each, "job", each) for each in given]
        return any(isinstance(each, Job) and each.rule == rule for each in jobs)

    return holds


def _always(*_: Any) -> bool:
    return True


def _of_bond(*given: Any) -> bool:
    calls = [each for each in given if isinstance(each, CallRequest)]
    return any(each.operation == "bond.restart" for each in calls)


# where, the function, for what, the state that the restart is in at the end, the fault that is told
CALLS: list[tuple[str, Any, str, Callable[..., bool], set[str], str]] = [
    ("the gate", Admission, "admit", _of("restarts"), {"failed"}, "deliver: call of rule restarts"),
    (
        "a guard",
        guards,
        "before_attempt",
        lambda intent, _: intent.rule.id == "restarts",
        {"failed"},
        "deliver: call of rule restarts",
    ),
    (
        "what stands against it",
        Call,
        "against",
        _of_bond,
        {"failed"},
        "deliver: call of rule restarts",
    ),
    ("the request", Call, "send", _of_bond, {"in_doubt"}, "send: call of rule restarts"),
    (
        "what the answer means",
        retry,
        "after",
        _of("restarts"),
        {"in_doubt"},
        "deliver: call of rule restarts",
    ),
    (
        "its effect",
        EffectVerifier,
        "holds",
        _of("restarts"),
        {"unverified"},
        "deliver: call of rule restarts",
    ),
    (
        "its event",
        settlement,
        "_events",
        _of("restarts"),
        {"succeeded"},
        "deliver: what comes of rule restarts",
    ),
    (
        "its answer",
        command_updates,
        "ended",
        _of("restarts"),
        {"succeeded"},
        "answer: what comes of rule restarts",
    ),
    (
        "the steps after it",
        job_store,
        "move_on",
        _of("restarts"),
        {"succeeded"},
        "steps: what comes of rule restarts",
    ),
    (
        "its end",
        Settlement,
        "settle",
        _of("restarts"),
        {"failed", "succeeded", "in_doubt"},
        "deliver: the end of call of rule restarts",
    ),
]


@pytest.mark.takes(20)
def test_whatever_fails_about_a_call_the_others_are_done(stage: Stage, ear: Ear) -> None:
    """At each step in turn: the notices are told, the call is set aside with its state, and the
    fault is told once.
    """
    told: dict[str, list[str]] = {}
    for number, (name, place, function, when, states, _) in enumerate(CALLS):
        before = _faults(stage)
        with pytest.MonkeyPatch.context() as patch:
            fails(patch, place, function, when)
            event = stage.webhook(number % 4 + 1, f"n{number}")
            for _ in range(12):
                stage.work()
                stage.sim.advance(10)
        jobs = {each["rule"]: each["state"] for each in stage.jobs() if each["event"] == event}
        assert jobs["restarts"] in states, name
        assert jobs["tells"] == jobs["tells-well"] == "succeeded", name
        told[name] = _faults(stage)[len(before) :]
        stage.sim.advance(3700)
        stage.work()
    for name, _, _, _, _, fault in CALLS:
        assert fault in told[name], (name, told)
        assert len(told[name]) == len(set(told[name])), name
    assert {
        f"trouble: {each.partition(': ')[2]}" for found in told.values() for each in found
    } <= set(ear.titles())


NOTICES: list[tuple[str, Any, str, Callable[..., bool], str]] = [
    ("how it reads", notification_sender, "_note", _of("tells"), "tell: a notice of rule tells"),
    ("whether it may go", Admission, "judge", _of("tells"), "tell: a notice of rule tells"),
    (
        "sending it",
        Notify,
        "send",
        lambda *given: given[-1].title.startswith("bad"),
        "tell: a message to noc/0",
    ),
    ("what is over by now", follow_up, "endings", _always, "tell: what is over by now at noc/0"),
    ("what is followed", follow_up, "told", _always, "follow: a notice of rule tells"),
]


def test_whatever_fails_about_a_notice_the_others_are_told(stage: Stage, ear: Ear) -> None:
    """At each step in turn: the next notice at the same address is told at once, and so is the
    fault.
    """
    for number, (name, place, function, when, fault) in enumerate(NOTICES):
        with pytest.MonkeyPatch.context() as patch:
            fails(patch, place, function, when)
            event = stage.webhook(number % 4 + 1, f"n{number}")
            stage.work()
        jobs = {each["rule"]: each["state"] for each in stage.jobs() if each["event"] == event}
        assert jobs["tells-well"] == "succeeded", name
        assert jobs["tells"] in {"failed", "succeeded"}, name
        assert fault in _faults(stage), (name, _faults(stage))
        stage.sim.advance(3700)
        stage.work()
    assert {f"trouble: {each.partition(': ')[2]}" for each in _faults(stage)} <= set(ear.titles())


POLLS: list[tuple[str, Any, str, Callable[..., bool], str]] = [
    ("reading it", scopes, "read", lambda name, *_: name == "legs", "legs"),
    (
        "comparing it",
        snapshot_diff,
        "compare",
        lambda before, *_: any(kind == "leg" for kind, _ in before),
        "legs",
    ),
    (
        "what follows from it",
        poll_schedule,
        "bring_forward",
        lambda *given: given[2].name == "legs",
        "legs",
    ),
]


def test_whatever_fails_about_one_scope_the_others_are_polled(stage: Stage, ear: Ear) -> None:
    """At each step in turn: its scope fails with the reason and is tried again later; the others
    are read as ever.
    """
    for number, (name, place, function, when, scope) in enumerate(POLLS):
        state = "down" if number % 2 == 0 else "up"
        with pytest.MonkeyPatch.context() as patch:
            fails(patch, place, function, when)
            stage.set("leg", 1, "state", state)
            stage.set("aggregator", 3, "broken", value=number % 2 == 0)
            before = len(stage.events("aggregator.*"))
            stage.live(120)
        assert len(stage.events("aggregator.*")) > before, name
        assert f"poll: scope {scope}" in _faults(stage), name
        assert f"trouble: scope {scope}" in ear.titles(), name
        stage.live(400, step=100)
    report = stage.health()
    assert not [each for each in report["scopes"] if each["failures"]]
    told = [each["type"] for each in stage.events("leg.*") if each["data"]["leg"]["id"] == 1]
    assert {"leg.down", "leg.up"} <= set(told)


def test_one_object_that_fails_takes_no_other_of_its_list_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two legs that go down one cannot be told: the other is, their list is read, and the fault
    is told.
    """
    fails(
        monkeypatch,
        poll_events,
        "of_change",
        lambda *given: given[3].kind == "leg" and given[3].id == "1",
    )
    for leg in (1, 3):
        stage.set("leg", leg, "state", "down")
    stage.live(60)
    assert [each["data"]["leg"]["id"] for each in stage.events("leg.down")] == [3]
    assert _faults(stage) == ["poll: a change of a leg"]
    assert not [each for each in stage.health()["scopes"] if each["failures"]]


def test_one_question_one_reminder_that_fails_stop_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answered two questions, two things last: of each one fails, and the other is done."""
    with stage.bridge.database.reading() as connection:
        rows = open_notifications.due(connection, stage.now())
    assert rows == []
    late = ["first", "second"]
    settled: list[str] = []
    monkeypatch.setattr(approver.approvals, "expiring", lambda *_: late)
    monkeypatch.setattr(
        approver.Approver, "_expired", lambda _self, name, _now: settled.append(name)
    )
    fails(monkeypatch, approver.Approver, "_expired", lambda _self, name, _now: name == "first")
    assert stage.bridge.approver.expire() == 2
    assert settled == ["second"]
    assert _faults(stage) == ["expire: question first"]
