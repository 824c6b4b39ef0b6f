"""A failover of many bonds is brought home: asked about, one first, then batches, each verified."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.store.decisions import approvals
from tests.pipeline.harness import Stage, staged

from .failover import FAILED, FEW, RULES, fail_and_recover, fleet
from .notification_receiver import listening


def asked(stage: Stage) -> Any:
    """The one question that waits."""
    with stage.bridge.database.reading() as connection:
        (row,) = approvals.waiting(connection)
    return row


def sent_of(stage: Stage, operation: str) -> list[tuple[datetime, int]]:
    """When the world was asked to do this, and to which bond."""
    return [
        (datetime.fromisoformat(each["at"]), each["arguments"]["bond"])
        for each in stage.ledger(operation)
    ]


def sent(stage: Stage) -> list[tuple[datetime, int]]:
    """Restores as the world was asked for them."""
    return sent_of(stage, "bond.restore_to_primary_agg")


@pytest.mark.takes(15)
@pytest.mark.timeout(1800)
def test_a_failover_is_brought_home_in_batches(tmp_path: Path) -> None:
    """One notice; the blast radius asks; after the yes, which is told, one bond, then batches, each
    verified, none twice.
    """
    many = 24
    rules = RULES.replace("[5, 10%]", "[5, 50%]")
    with (
        listening() as ear,
        staged(
            tmp_path, rules=rules, channel=ear.url, world=fleet(many, 24), live=False, off=FEW
        ) as stage,
    ):
        fail_and_recover(stage)
        assert "failed" in ear.titles()[0]
        question = asked(stage)
        assert question["reason"] == "blast_radius"
        assert sent(stage) == []
        assert sum("asks" in title for title in ear.titles()) == 1
        stage.bridge.approver.answer(question["id"], yes=True, who="alice")
        stage.live(20 * 60)
        _brought_home(stage, many)
        assert f"{many} bonds are home again" in ear.titles()
        assert sum("alice said yes" in title for title in ear.titles()) == 1
        assert len(ear.heard) == 4


def _brought_home(stage: Stage, many: int) -> None:
    calls = sent(stage)
    effective = [each for each in stage.ledger("bond.restore_to_primary_agg") if each["effective"]]
    assert len({each["arguments"]["bond"] for each in effective}) == len(effective) == many
    assert all(
        bond.current == FAILED for bond in stage.sim.world.bonds.values() if bond.primary == FAILED
    )
    first = calls[0][0]
    assert sum(at < first + timedelta(minutes=2) for at, _ in calls) == 1, "the first goes alone"
    second = min(at for at, _ in calls if at > first)
    assert sum(at < second + timedelta(minutes=2) for at, _ in calls) == 1 + 5
    assert all(
        sum(start <= at < start + timedelta(minutes=10) for at, _ in calls) <= 120
        for start, _ in calls
    )
    jobs = [job for job in every_job(stage) if job["action"] == "call"]
    assert {job["state"] for job in jobs} == {"succeeded"}


def every_job(stage: Stage) -> list[dict[str, Any]]:
    """Every job there is."""
    from sqlalchemy import select  # noqa: PLC0415

    from bridge.store.tables import jobs  # noqa: PLC0415

    with stage.bridge.database.reading() as connection:
        return [dict(row) for row in connection.execute(select(jobs)).mappings()]
