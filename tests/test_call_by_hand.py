"""A call by hand goes the way of a rule's: an event, a decision, a job, an attempt, and the same
guards.
"""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from bridge.core.model import Body, JobState
from bridge.store import controls
from bridge.store.decisions import jobs as job_store
from bridge.store.tables import attempts, jobs, objects
from bridge.store.views.journal import Window, list_jobs
from tests.operator_actions import at_the_worlds_time, deeds, stage
from tests.pipeline.harness import Stage
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["at_the_worlds_time", "plain", "stage"]

CALL = ("call", "bond.restart", "bond=3", "--yes")


def newest(stage: Stage) -> Body:
    """The newest job by hand, with what its decision says and how often it was tried."""
    with stage.bridge.database.reading() as connection:
        row = next(
            row for row in list_jobs(connection, Window(9), None).rows if row["rule"] == "by hand"
        )
        story = stage.story(row["event"])
        tried = (
            connection.execute(select(attempts).where(attempts.c.job == row["id"])).mappings().all()
        )
    (decision,) = story["decisions"]
    return {
        **row,
        "tried": [each["outcome"] for each in tried],
        "decision": decision,
        "story": story,
    }


def test_a_call_by_hand_is_an_event_a_decision_a_job_and_an_attempt(stage: Stage, run: Run) -> None:
    """Who called what is in the journal, with what came of it; the answer is printed as before."""
    ran = run(*CALL)
    assert ran.code == 0
    assert json.loads(ran.out) is not None
    assert stage.effective("bond.restart") == 1
    (deed,) = deeds(stage.bridge)
    assert (deed["type"], deed["who"], deed["about"]) == (
        "operator.called",
        "ana",
        "bond.restart bond=3",
    )
    job = newest(stage)
    assert (job["state"], job["tried"], job["target"]) == (JobState.SUCCEEDED, ["done"], "bond/3")
    assert job["decision"]["ruling"] == "act"
    assert [each["type"] for each in stage.events("action.*")] == ["action.succeeded"]
    assert run(*CALL).code == 0  # its lock has been let go


def _locked(stage: Stage) -> None:
    """A job of a rule is at work on the bond."""
    event = stage.webhook(3)
    stage.bridge.decider.run("demo")
    with stage.bridge.database.writing() as connection:
        name = connection.execute(select(jobs.c.id).where(jobs.c.event == event)).scalar_one()
        assert controls.lock(connection, job_store.get(connection, name), stage.now()) is None


def _silent(stage: Stage) -> None:
    with stage.bridge.database.writing() as connection:
        until = stage.now().replace(year=stage.now().year + 1)
        controls.silence(
            connection, "demo", ["*"], "bond/3", stage.now(), until, "bo", "works", acts=True
        )


def _stuck(stage: Stage) -> None:
    """Configuration updates do not get through, as the last poll saw it."""
    row = {"server": "demo", "kind": "config_updates", "id": "all", "scope": "configupdates"}
    more = {"body": {"id": "all", "state": "stuck"}, "raw": {}, "counts": {}, "gone": False}
    with stage.bridge.database.writing() as connection:
        connection.execute(insert(objects).values(**row, **more))


AGAINST: dict[str, Callable[[Stage], object]] = {
    "paused": lambda stage: stage.bridge.steering.pause("", "bo", "core works"),
    "hands_off": lambda stage: stage.bridge.steering.hands_off("demo", 3, "2h", "bo", "new bonder"),
    "silenced": _silent,
    "locked": _locked,
    "stuck": _stuck,
}


@pytest.mark.parametrize("reason", AGAINST)
def test_what_holds_rules_back_holds_a_call_by_hand_back(
    stage: Stage, run: Run, reason: str
) -> None:
    """It says which guard is against it and does nothing, exit code 4; with --override it is done,
    which is recorded.
    """
    AGAINST[reason](stage)
    ran = run(*CALL)
    assert (ran.code, stage.effective("bond.restart")) == (4, 0)
    assert f"not called: {reason}: " in ran.err
    assert "--override" in ran.err
    job = newest(stage)
    assert (job["state"], job["tried"]) == (JobState.SKIPPED, [])
    assert (job["decision"]["ruling"], job["decision"]["reason"]) == ("skip", reason)
    assert run(*CALL, "--override").code == 0
    assert stage.effective("bond.restart") == 1
    job = newest(stage)
    assert (job["state"], job["tried"]) == (JobState.SUCCEEDED, ["done"])
    assert (job["decision"]["ruling"], job["decision"]["reason"]) == ("act", reason)
    assert job["decision"]["detail"].startswith("ana overrides: ")
    overrides = [
        each["override"] for each in deeds(stage.bridge) if each["type"] == "operator.called"
    ]
    assert [bool(each) for each in overrides] == [False, True]
    told = run("events", "--type", "operator.called").out
    assert "by hand: not called, " in told
    assert "by hand, although: " in told


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("channels:", "limits: {server: {most: 1, every: 1h}}\nchannels:", "limit"),
        ("    timeout: 30s", "    act_in: [nowhere]\n    timeout: 30s", "space"),
    ],
    ids=["limit", "space"],
)
def test_the_limits_and_the_spaces_of_the_settings_hold(
    stage: Stage, plain: Run, old: str, new: str, reason: str
) -> None:
    """What would be one call too many, and what is outside the spaces to act in."""
    path = stage.folder / "bondbridge.yaml"
    path.write_text(path.read_text().replace(old, new))
    run = standing(stage, plain)
    before = 1 if reason == "limit" else 0
    assert run(*CALL).code == (0 if before else 4)
    ran = run(*CALL)
    assert (ran.code, stage.effective("bond.restart")) == (4, before)
    assert f"not called: {reason}: " in ran.err
    assert run(*CALL, "--override").code == 0


def test_what_the_server_shows_against_it_is_said(stage: Stage, run: Run) -> None:
    """A bond that is on its primary aggregator already needs no restoring."""
    ran = run("call", "bond.restore_to_primary_agg", "bond=3", "--yes")
    assert (ran.code, newest(stage)["decision"]["reason"]) == (4, "precondition")
    assert "is on its primary aggregator already" in ran.err


def test_reading_leaves_no_trace(stage: Stage, run: Run) -> None:
    """A call that only reads goes straight to the server, whatever is paused."""
    stage.bridge.steering.pause("", "bo", "works")
    assert run("call", "bond.get", "bond=3").code == 0
    assert [each["what"] for each in deeds(stage.bridge)] == ["paused"]


def test_secrets_are_sent_and_not_kept(stage: Stage, run: Run) -> None:
    """Neither job nor event holds a password."""
    run(
        "call",
        "space.update",
        "space=acme",
        "--set",
        "password=hunter2hunter2",
        "--anyway",
        "--yes",
    )
    with stage.bridge.database.reading() as connection:
        rows = connection.execute(select(jobs.c.request)).scalars().all()
    assert rows
    assert "hunter2" not in json.dumps([*rows, *deeds(stage.bridge)])
