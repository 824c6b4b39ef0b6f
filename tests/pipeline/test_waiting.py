"""Deliver: calls wait for a person who works on a bond, and for a leg that flaps; rules know what
was known.
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.core.decisions import retry
from bridge.core.flapping import Bucket
from bridge.core.model import JobState, Reason, Ruling, Verdict
from bridge.store.observations import incidents as incident_store
from tests.core.builders import job as a_job
from tests.pipeline.harness import Stage, staged

LEG_RULES = """
- id: idle
  when: webhook.demo
  do:
    - call: leg.detect_mtus
      with: {leg: "${event.data.body.bond}"}
      retry: {on: [refused], every: 3m, until: 1h}
"""

KNOWING = """
- id: alone
  when: [leg.down, leg.up]
  if: known.incident == null && known.explained == null && known.hands_off == null
      && !known.flapping && !known.over
  do: [{notify: {to: noc, title: "${leg.name}"}}]
- id: explained
  when: leg.down
  if: known.explained != null && known.explained.startsWith("bond.restart")
  do: [{notify: {to: noc, title: "${known.explained}"}}]
- id: restart
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


def hold(stage: Stage, bond: int, until: datetime) -> None:
    """Somebody works on a bond."""
    with stage.bridge.database.writing() as connection:
        incident_store.hold(connection, "demo", bond, until, "alice", "new bonder")


def reasons(stage: Stage, event: str) -> list[str]:
    """The verdicts about an event's job, in order."""
    return [each["reason"] for each in stage.story(event)["decisions"][0]["verdicts"]]


def test_a_call_waits_until_the_person_has_finished(stage: Stage) -> None:
    """While somebody works on its bond nothing is sent; at the end that they named it goes, once.
    Others go at once.
    """
    hold(stage, 1, stage.now() + timedelta(seconds=90))
    event = stage.webhook(1)
    stage.webhook(2, "b")
    stage.work()
    assert [each["arguments"] for each in stage.ledger("bond.restart")] == [{"bond": 2}]
    (waiting,) = [each for each in stage.jobs() if each["event"] == event]
    assert (waiting["state"], waiting["attempts"]) == (JobState.DUE, 0)
    assert waiting["due_at"] == stage.now() + timedelta(seconds=90)
    verdict = stage.story(event)["decisions"][0]["verdicts"][-1]
    assert (verdict["ruling"], verdict["reason"]) == ("wait", "hands_off")
    assert "alice works on bond" in verdict["detail"]
    stage.live(90)
    assert stage.effective("bond.restart") == 2
    assert reasons(stage, event)[-1] is None


def test_a_call_that_would_wait_too_long_is_skipped(stage: Stage) -> None:
    """What is of no use by the time the person has finished is not done at all."""
    hold(stage, 1, stage.now() + timedelta(hours=2))
    event = stage.webhook(1)
    stage.work()
    (verdict,) = stage.story(event)["decisions"][0]["verdicts"]
    assert (verdict["ruling"], verdict["reason"]) == ("skip", "expired")
    assert "alice works on bond" in verdict["detail"]
    assert stage.jobs() == []
    assert stage.ledger("bond.restart") == []


def test_an_end_that_is_said_early_lets_the_next_call_go(stage: Stage) -> None:
    """Once the person has finished, a new request is done at once."""
    hold(stage, 1, stage.now() + timedelta(hours=2))
    with stage.bridge.database.writing() as connection:
        assert incident_store.let_go(connection, "demo", 1)
        assert not incident_store.let_go(connection, "demo", 1)
    stage.webhook(1)
    stage.work()
    assert stage.effective("bond.restart") == 1


def test_a_call_on_a_leg_that_flaps_waits_for_its_calm(tmp_path: Path) -> None:
    """A call that names a flapping leg is not sent before the spell may end; another leg's is."""
    with staged(tmp_path, rules=LEG_RULES) as stage:
        calm = stage.now() + timedelta(seconds=300)
        spell = Bucket(5.0, stage.now(), stage.now(), 6)
        with stage.bridge.database.writing() as connection:
            incident_store.save_buckets(
                connection, "demo", {1: (spell, calm), 3: (Bucket(2.0, stage.now()), None)}
            )
        event = stage.webhook(1)
        stage.webhook(3, "b")
        stage.work()
        assert [each["arguments"]["leg"] for each in stage.ledger("interface_leg.detect_mtus")] == [
            3
        ]
        assert reasons(stage, event)[-1] == "flapping"
        stage.live(330)
        assert [each["arguments"]["leg"] for each in stage.ledger("interface_leg.detect_mtus")] == [
            3,
            1,
        ]
        assert reasons(stage, event)[-1] is None


def test_a_call_that_names_only_the_leg_waits_for_its_bond(tmp_path: Path) -> None:
    """Whose leg it is the bridge knows itself: somebody who works on bond 1 is not disturbed by a
    call on its leg.
    """
    with staged(tmp_path, rules=LEG_RULES) as stage:
        hold(stage, 1, stage.now() + timedelta(seconds=90))
        event = stage.webhook(1)
        stage.webhook(3, "b")
        stage.work()
        assert [each["arguments"]["leg"] for each in stage.ledger("interface_leg.detect_mtus")] == [
            3
        ]
        assert reasons(stage, event)[-1] == "hands_off"


def test_conditions_ask_what_was_known(tmp_path: Path) -> None:
    """An outage by itself meets the rule for such; one that a restart of ours explains, or that a
    person made, does not.
    """
    with staged(tmp_path, rules=KNOWING) as stage:
        stage.set("leg", 1, "state", "down")
        stage.live(60)
        hold(stage, 2, stage.now() + timedelta(hours=1))
        stage.set("leg", 3, "state", "down")
        stage.live(60)
        stage.webhook(3)
        stage.work()
        stage.live(60)  # the restart itself is over
        stage.set("leg", 5, "state", "down")
        stage.live(60)
        told = {each["data"]["leg"]["id"]: each for each in stage.events("leg.down")}
        assert {
            leg: event["known"]["hands_off"] is not None
            for leg, event in told.items()
            if leg in (1, 3, 5)
        } == {
            1: False,
            3: True,
            5: False,
        }
        met = {
            (leg, d["rule"]): d["ruling"]
            for leg in (1, 3, 5)
            for d in stage.story(told[leg]["id"])["decisions"]
        }
        assert [met[leg, "alone"] for leg in (1, 3, 5)] == ["act", "skip", "skip"]
        assert [met[leg, "explained"] for leg in (1, 3, 5)] == ["skip", "skip", "act"]
        decision = next(
            d for d in stage.story(told[5]["id"])["decisions"] if d["rule"] == "explained"
        )
        assert decision["facts_read"]["known"] == told[5]["known"]


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (timedelta(0), JobState.DUE),
        (timedelta(seconds=1), JobState.SKIPPED),
        (None, JobState.SKIPPED),
    ],
)
def test_what_a_guard_stops_waits_as_long_as_it_is_worth_it(
    until: timedelta | None, state: JobState
) -> None:
    """Up to the last moment at which the job is of use it waits; beyond, or with no end in sight,
    it is skipped.
    """
    job = a_job()
    moment = None if until is None else job.not_after + until
    then = retry.stopped(job, Verdict(Ruling.WAIT, Reason.HANDS_OFF, "", moment))
    assert (then.state, then.due_at) == (state, moment if state is JobState.DUE else None)
    assert (
        retry.stopped(job, Verdict(Ruling.SKIP, Reason.RULE_GONE, "", job.not_after)).state
        is JobState.SKIPPED
    )


def test_a_call_that_waits_for_another_try_lets_others_have_its_object(stage: Stage) -> None:
    """A restore that is refused until its primary is well does not keep a restart of the same bond
    away meanwhile.
    """
    stage.set("aggregator", 3, "broken", value=True)
    stage.live(240)
    restores = [job for job in stage.jobs() if job["rule"] == "restore"]
    assert {job["state"] for job in restores} == {JobState.DUE}
    assert all(job["attempts"] for job in restores)
    event = stage.webhook(restores[0]["request"]["arguments"]["bond"])
    stage.work()
    assert stage.effective("bond.restart") == 1, reasons(stage, event)
