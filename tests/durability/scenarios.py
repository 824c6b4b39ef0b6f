"""The three scenes that act, each led up to the moment before a worker sees it, and what must hold
whatever happened.
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from tests.pipeline.harness import Stage


@dataclass(frozen=True)
class Scene:
    """`lead` brings the world to where a worker has work, `finish` lets the rest of it happen,
    `holds` asserts.
    """

    lead: Callable[[Stage], None]
    finish: Callable[[Stage], None]
    holds: Callable[[Stage], None]


def run_worker(stage: Stage, kill_at: int) -> int | None:
    """One worker, killed at a boundary; how many it passed, or None if it was killed."""
    argv = [
        sys.executable,
        "-m",
        "tests.durability.runner",
        str(stage.folder / "bondbridge.yaml"),
        stage.sim.url,
        str(kill_at),
    ]
    # our own runner
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def let_leases_lapse(stage: Stage) -> None:
    """As if the machine's clock had gone on past every lease a killed worker still held."""
    with stage.bridge.database.writing() as connection:
        for table in ("jobs", "servers", "scopes"):
            # three fixed names
            connection.execute(text(f"UPDATE {table} SET lease_until = lease_until - 1000"))  # noqa: S608


def _tuned(stage: Stage) -> None:
    stage.bridge.clients["demo"].call("bond_tuning.start", {"bond": 2})
    stage.live(90)
    stage.sim.advance(600)


def _failed_over(stage: Stage) -> None:
    stage.set("aggregator", 3, "broken", value=True)
    stage.sim.advance(150)


def _asked(stage: Stage) -> None:
    stage.webhook(1)


def _accepted_once(stage: Stage) -> None:
    assert stage.effective("bond_tuning.accept") == 1
    assert [job["state"] for job in stage.jobs()] == ["succeeded"]
    assert len(stage.events("bond_tuning.recommended")) == 1


def _restored_once(stage: Stage) -> None:
    bonds = {each["arguments"]["bond"] for each in stage.ledger("bond.restore_to_primary_agg")}
    assert len(bonds) == 2
    assert stage.effective("bond.restore_to_primary_agg") == 2
    assert [job["state"] for job in stage.jobs()] == ["succeeded", "succeeded"]
    assert len(stage.events("bond.failed_over")) == len(stage.events("bond.restored")) == 2


def _restarted_or_in_doubt(stage: Stage) -> None:
    (job,) = stage.jobs()
    restarts = stage.effective("bond.restart")
    assert restarts <= 1
    assert job["state"] == "in_doubt" or (job["state"] == "succeeded" and restarts == 1)
    told = "action.in_doubt" if job["state"] == "in_doubt" else "action.succeeded"
    assert told in stage.types()


def _recover(stage: Stage) -> None:
    stage.live(240)
    stage.set("aggregator", 3, "broken", value=False)
    stage.live(600)


SCENES = {
    "accept": Scene(_tuned, lambda stage: stage.live(300), _accepted_once),
    "restore": Scene(_failed_over, _recover, _restored_once),
    "restart": Scene(_asked, lambda stage: stage.live(60), _restarted_or_in_doubt),
}


def nothing_lost_or_twice(stage: Stage) -> None:
    """Every recorded event was decided by every rule that listens to it, exactly once."""
    with stage.bridge.database.reading() as connection:
        undecided = connection.execute(
            text("SELECT count(*) FROM events WHERE NOT decided")
        ).scalar_one()
    assert undecided == 0
    met = [(each["event"], each["rule"]) for each in stage.decisions()]
    listening = {
        "bond_tuning.recommended": "accept",
        "bond.failed_over": "restore",
        "webhook.demo": "restart",
    }
    due = [
        (event["id"], listening[event["type"]])
        for event in stage.events()
        if event["type"] in listening
    ]
    assert sorted(met) == sorted(due)
