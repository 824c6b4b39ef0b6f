"""Every process and the broker are killed while notices are told: none is lost, and twice is told
only what was on its way.
"""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from bridge.simulator.api.runner import Running, running
from tests.notifications.json_service import Service, serving
from tests.rollout.failover import FEW, fleet
from tests.rollout.processes import Processes

_SPEED = 20
RULES = """
- id: outage
  when: leg.down
  do: [{notify: {to: noc, title: "leg ${leg.id} is down", follow: true}}]
"""


def _set(sim: Running, state: str) -> None:
    for leg in sim.world.legs:
        change = {"kind": "leg", "id": leg, "field": "state", "value": state}
        httpx.post(f"{sim.url}/_sim/set", json=change).raise_for_status()


def _killed(bridge: Processes, service: Service, kills: int, before: int, many: int) -> None:
    """Kill everything so often while this part is told, and see the rest of it told."""
    for n in range(1, kills + 1):
        told = before + n * many // (kills + 1)
        bridge.until(lambda wanted=told: len(service.heard) >= wanted, f"{told} are told")
        bridge.kill()
    states = (
        # numbers
        f"SELECT count(*) FROM jobs WHERE state = 'succeeded' HAVING count(*) >= {before + many}"  # noqa: S608
    )
    bridge.until(lambda: bridge.rows(states), "all of it is told")


def _told(folder: Path, bonds: int, kills: int) -> None:
    with serving() as service, running(fleet(0, bonds), speed=_SPEED) as sim:
        service.slow = 0.2
        legs = list(sim.world.legs)
        bridge = Processes(
            sim,
            folder,
            rules=RULES,
            channel=service.url,
            off=FEW,
            speed=_SPEED,
            telling=", rate: null",
        )
        try:
            seen = "SELECT count(*) FROM objects WHERE kind = 'leg'"
            bridge.until(lambda: bridge.rows(seen) == [(len(legs),)], "all legs are seen")
            _set(sim, "down")
            _killed(bridge, service, kills, 0, len(legs))
            _set(sim, "up")
            _killed(bridge, service, kills, len(legs), len(legs))
        finally:
            bridge.stop()
        counts = Counter(service.titles())
        assert set(counts) == {
            f"{word}leg {leg} is down" for leg in legs for word in ("", "resolved: ")
        }
        # one message is on its way at a time, and at each kill at most one
        assert sum(counts.values()) - len(counts) <= bridge.killed == 2 * kills
        assert bridge.rows("SELECT state, count(*) FROM jobs GROUP BY state") == [
            ("succeeded", 2 * len(legs))
        ]


@pytest.mark.takes(55)
@pytest.mark.timeout(1800)
def test_everything_is_killed_while_people_are_told(tmp_path: Path) -> None:
    """Once while begins are told and once while ends are: each arrives, in all at most two of them
    twice.
    """
    _told(tmp_path, 10, 1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_everything_is_killed_again_and_again_while_people_are_told(tmp_path: Path) -> None:
    """The same five times each, with a hundred legs."""
    _told(tmp_path, 50, 5)
