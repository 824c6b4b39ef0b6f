"""The real processes bring a large failover home, undisturbed and with every one of them killed
three times on the way.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bridge.simulator.api.runner import running

from .failover import FAILED, FEW, RULES, fleet
from .notification_receiver import listening
from .processes import Processes

_SPEED = 20


def _broken(bridge: Processes, *, broken: bool) -> None:
    change = {"kind": "aggregator", "id": FAILED, "field": "broken", "value": broken}
    httpx.post(f"{bridge.sim.url}/_sim/set", json=change).raise_for_status()


def _home(folder: Path, many: int, disturb: Callable[[Processes, str], None]) -> None:
    """The whole way; `disturb` is called in the middle of each part of it."""
    with listening() as ear, running(fleet(many, many), speed=_SPEED) as sim:
        bridge = Processes(
            sim,
            folder,
            rules=RULES.replace("within: 5m", "within: 60m"),
            channel=ear.url,
            off=FEW,
            speed=_SPEED,
        )
        try:
            bridge.until(
                lambda: (
                    bridge.rows("SELECT count(*) FROM objects WHERE kind='placement'")
                    == [(2 * many,)]
                ),
                "seen",
            )
            _broken(bridge, broken=True)
            over = "SELECT count(*) FROM events WHERE type='bond.failed_over'"
            bridge.until(lambda: bridge.rows(over) == [(many,)], "all failed over")
            failed = "SELECT count(*) FROM events WHERE type='aggregator.failed'"
            bridge.until(lambda: bridge.rows(failed) == [(1,)], "and that it failed")
            _broken(bridge, broken=False)
            disturb(bridge, "waiting")
            bridge.until(
                lambda: bridge.rows("SELECT count(*) FROM approvals") == [(1,)], "a person is asked"
            )
            assert bridge.restores() == []
            (question,) = bridge.rows("SELECT id, reason FROM approvals")
            assert question[1] == "blast_radius"
            bridge.cli("approve", question[0], "--yes")
            bridge.until(lambda: len(bridge.restores()) == 1, "the first goes")
            disturb(bridge, "the first")
            bridge.until(lambda: len(bridge.restores()) > many // 3, "a third is under way")
            disturb(bridge, "batches")
            at_home = "SELECT count(*) FROM jobs WHERE action='call' AND state='succeeded'"
            bridge.until(lambda: bridge.rows(at_home) == [(many,)], "all are home")
            bridge.until(
                lambda: any("home again" in title for title in ear.titles()), "and it is told"
            )
        finally:
            bridge.stop()
        effective = Counter(
            each["arguments"]["bond"] for each in bridge.restores() if each["effective"]
        )
        assert len(effective) == many
        assert set(effective.values()) == {1}
        moments = [datetime.fromisoformat(each["at"]) for each in bridge.restores()]
        assert (
            max(
                sum(begin <= at < begin + timedelta(minutes=10) for at in moments)
                for begin in moments
            )
            <= 120
        )
        told = Counter(ear.titles())
        # a notice whose outcome nobody knows is told again: once more for each time all were killed
        assert max(told.values()) <= 1 + bridge.killed
        assert len(told) == 4


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("many", [int(os.environ.get("FLEET", "500"))])
def test_five_hundred_bonds_come_home(tmp_path: Path, many: int) -> None:
    """One notice, one question, its answer, one first, then batches; each effective once."""
    _home(tmp_path, many, lambda _bridge, _where: None)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("many", [int(os.environ.get("FLEET", "500"))])
def test_five_hundred_bonds_come_home_though_all_is_killed(tmp_path: Path, many: int) -> None:
    """The same with every process killed three times: while it waits, at the first bond, and amid
    the batches.
    """
    _home(tmp_path, many, lambda bridge, _where: bridge.kill())
