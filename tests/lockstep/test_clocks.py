"""The bridge's events against the simulator's truth, with clocks that do not agree."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .expected_events import DATED, differences, expected
from .harness import EPOCH, Days, days

Clock = Callable[[datetime], datetime]
FAULTS = {"errors": 0.006, "cut": 0.004, "half": 0.003}


def _off(seconds: float) -> Clock:
    return lambda moment: moment + timedelta(seconds=seconds)


def _drifting(start: float, share: float) -> Clock:
    """Off by so much at first, and by this share of the time that passes more and more."""
    return lambda moment: moment + timedelta(seconds=start) + (moment - EPOCH) * share


def _set(*steps: tuple[float, float]) -> Clock:
    """Off by so many seconds (the second) from so many minutes after the beginning on (the
    first).
    """

    def clock(moment: datetime) -> datetime:
        off = [by for minutes, by in steps if moment >= EPOCH + timedelta(minutes=minutes)]
        return moment + timedelta(seconds=off[-1] if off else 0)

    return clock


CLOCKS = {
    "10 s ahead": _off(10),
    "4.9 s behind": _off(-4.9),
    "3.4 s ahead": _off(3.4),
    "from 10 s behind to 10 s ahead": _drifting(-10, 1 / 70),
    "set back by 2 h": _set((9.3, -7200)),
    "set forward by 2 h and back": _set((6.3, 7200), (13.2, 0)),
    "set by seconds again and again": _set((4, 5), (7, -6), (9, 3.3), (12, -1), (15, 8)),
}


def _by_the_servers_clock(event: Mapping[str, Any]) -> dict[str, Any]:
    since = event["server_from"]
    until = event["server_until"]
    told = {**event["data"], "between": [since and since.isoformat(), until and until.isoformat()]}
    return {**event, "data": told, "time": until if event["exact"] else event["time"]}


def _late(stage: Days, events: Iterable[Mapping[str, Any]]) -> list[str]:
    """What polls saw and was not told within a few of them, by our clock as it stood at one time or
    the other.
    """
    wrong = []
    for event in events:
        if event["type"] not in DATED or "over" in event["data"]:
            continue
        happened = event["server_until"]
        soon = timedelta(seconds=6 * stage.every)
        if not any(
            abs(event["seen_at"] - stage.clock(happened + soon * i / 60)) <= soon for i in range(61)
        ):
            wrong.append(
                f"{event['type']} {event['subject']}: {happened}, seen at {event['seen_at']}"
            )
    return wrong


def _check(stage: Days, least: int) -> None:
    stage.post("story", name="quiet")
    stage.live(60)
    stage.sweep()
    world = stage.sim.world
    primaries = {bond.id: bond.primary for bond in world.bonds.values()}
    told = [_by_the_servers_clock(event) for event in stage.events()]
    wanted = expected(world.truth, primaries, stage.since)
    wrong = differences(wanted, told) + _late(stage, told)
    assert not wrong, f"{len(wrong)} of {len(wanted)}:\n" + "\n".join(wrong[:30])
    assert len([each for each in wanted if each.type == "leg.down"]) >= least, "too little happened"


@pytest.mark.takes(20)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_clocks_that_do_not_agree_cost_nothing(clock: Clock, tmp_path: Path) -> None:
    """Every transition once, at its time and without delay, whatever our clock shows and however it
    is set.
    """
    with days(tmp_path, every=15, bonds=40, clock=clock) as stage:
        stage.post("story", name="random-faults", rate=40)
        stage.fail(**FAULTS)
        stage.live(20 * 60)
        _check(stage, least=20)


def test_a_clock_that_is_set_back_while_the_legs_are_read_costs_nothing(tmp_path: Path) -> None:
    """The poll has begun two hours after it ended, by our clock: what happens next is told once all
    the same.
    """
    ahead = [7200.0]
    with days(
        tmp_path, every=15, bonds=6, clock=lambda m: m + timedelta(seconds=ahead[0])
    ) as stage:

        def set_back() -> None:
            ahead[0] = 0.0

        stage.live(60)
        stage.sim.advance(15)
        client = next(iter(stage.bridge.clients.values()))
        client._budget = set_back  # noqa: SLF001
        stage.bridge.observer.poll("demo", "legs")
        for state in ("down", "up", "down", "up"):
            stage.sim.advance(5)
            stage.post("set", kind="leg", id=3, field="state", value=state)
            stage.live(45)
        _check(stage, least=2)


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("off", [-10, -5, -2.5, 0.5, 2.5, 5, 10])
def test_hours_with_a_clock_that_drifts_and_is_set(off: float, tmp_path: Path) -> None:
    """Three hours of 60 bonds: off from the beginning, drifting, set by seconds and by hours, told
    as what it was.
    """
    drifting = _drifting(off, 1 / 2000)
    steps = _set((31, 4), (52, -7), (75, 7200), (101, 0), (133, -5400))

    def clock(moment: datetime) -> datetime:
        return steps(drifting(moment))

    with days(tmp_path, every=15, bonds=60, clock=clock) as stage:
        stage.post("story", name="random-faults", rate=60)
        stage.fail(**FAULTS)
        stage.live(3 * 3600)
        _check(stage, least=100)
