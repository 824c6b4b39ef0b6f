"""The operations whose answers come from what the world does by itself: histories, tests, tunings,
reports, downloads.

As in `operations`: `LISTS`, `GETS` and `WRITES` by operation name. `DOCUMENTS` answer with plain
JSON, `FILES` with a download. A write that takes a body finds it in its arguments as `body`.
"""

from collections.abc import Callable
from typing import TypeVar

from bridge.simulator.behaviour import (
    backups,
    certificate,
    config_updates,
    prevented_downtime,
    speed_tests,
    statistics,
    tunings,
)
from bridge.simulator.world.entities import Bond, Leg, SpeedTest, Thing, Tuning
from bridge.simulator.world.operation_results import Done, File, Missing, get
from bridge.simulator.world.world import Arguments, World

Write = Callable[[World, Arguments], Done]
OfTarget = Callable[[World, Arguments, str | None], Done]
_T = TypeVar("_T")
_L = TypeVar("_L", str, str | None)

_LEG_TYPES = ("interface", "mobile_broadband")


def _bond(world: World, arguments: Arguments) -> Bond:
    return get(world.bonds, arguments["bond"])


def _leg(world: World, arguments: Arguments, leg_type: str) -> Leg:
    leg = get(world.legs, arguments["leg"])
    if leg.bond != _bond(world, arguments).id or leg.type != leg_type:
        raise Missing
    return leg


def _target(world: World, arguments: Arguments, leg_type: str | None) -> tuple[Bond, Leg | None]:
    return _bond(world, arguments), None if leg_type is None else _leg(world, arguments, leg_type)


def _tuning(world: World, arguments: Arguments, leg_type: str | None) -> Tuning:
    bond, leg = _target(world, arguments, leg_type)
    tuning = get(world.tunings, arguments["tuning"])
    if tuning.bond != bond.id or tuning.leg != (None if leg is None else leg.id):
        raise Missing
    return tuning


def _tunings(world: World, arguments: Arguments, leg_type: str | None) -> list[Thing]:
    bond, leg = _target(world, arguments, leg_type)
    if leg is None:
        number = None
    else:
        number = leg.id
    return [
        tuning
        for tuning in world.tunings.values()
        if tuning.bond == bond.id and tuning.leg == number
    ]


def _start_tuning(world: World, arguments: Arguments, leg_type: str | None) -> Done:
    bond, leg = _target(world, arguments, leg_type)
    tuning = tunings.start(world, bond, leg=leg)
    return Done(f"tuning {tuning.id} starts", thing=tuning, status=201)


def _with_tuning(change: Callable[[World, Tuning], None], effect: str) -> OfTarget:
    def done(world: World, arguments: Arguments, leg_type: str | None) -> Done:
        tuning = _tuning(world, arguments, leg_type)
        change(world, tuning)
        return Done(f"tuning {tuning.id} is {effect}", thing=tuning)

    return done


_TUNING_WRITES: dict[str, OfTarget] = {
    "start": _start_tuning,
    "cancel": _with_tuning(tunings.cancel, "canceled"),
    "accept": _with_tuning(lambda world, it: tunings.decide(world, it, accepted=True), "accepted"),
    "decline": _with_tuning(
        lambda world, it: tunings.decide(world, it, accepted=False), "declined"
    ),
}


def _detect(world: World, arguments: Arguments, leg_type: str | None) -> Done:
    """Accept a detection of MTUs: both ends look by themselves, and nothing that the API shows
    comes of it.
    """
    bond, leg = _target(world, arguments, leg_type)
    if leg is None:
        legs = [it for it in world.legs_of(bond) if it.link_mode == "active"]
    else:
        legs = [leg]
    return Done(f"{bond.name} detects the MTUs of {', '.join(it.note for it in legs)}")


def _history(world: World, arguments: Arguments, leg_type: str) -> object:
    leg = _leg(world, arguments, leg_type)
    return world.past.history(leg, world.now, born=world.bonds[leg.bond].created)


def _speedtests(world: World, arguments: Arguments) -> list[Thing]:
    number = _bond(world, arguments).id
    return [test for test in world.speedtests.values() if test.bond == number]


def _speedtest(world: World, arguments: Arguments) -> SpeedTest:
    test = get(world.speedtests, arguments["speedtest"])
    if test.bond != _bond(world, arguments).id:
        raise Missing
    return test


def _start_speedtest(world: World, arguments: Arguments) -> Done:
    test = speed_tests.start(world, _bond(world, arguments), arguments.get("body") or {})
    return Done(f"speed test {test.id} is queued", thing=test, status=201)


def _statistics(what: str) -> Callable[[World, Arguments], object]:
    return lambda world, arguments: statistics.count(
        world, get(world.spaces, arguments["space"]), what
    )


def _backup(world: World, _: Arguments) -> File:
    latest = backups.latest(world)
    if latest is None:
        raise Missing
    return File(latest.name, "application/zip", backups.packed(world, latest))


def _of(
    doing: Callable[[World, Arguments, _L], _T], leg_type: _L
) -> Callable[[World, Arguments], _T]:
    return lambda world, arguments: doing(world, arguments, leg_type)


# the same operations for bonds and for legs of either type: the prefix of their names, and the type
_TARGETS: dict[str, str | None] = {"bond": None, **{f"{each}_leg": each for each in _LEG_TYPES}}

LISTS: dict[str, Callable[[World, Arguments], list[Thing]]] = {
    "speedtest.list": _speedtests,
    **{f"{name}_tuning.list": _of(_tunings, leg_type) for name, leg_type in _TARGETS.items()},
}

GETS: dict[str, Callable[[World, Arguments], Thing]] = {
    "speedtest.get": _speedtest,
    **{f"{name}_tuning.get": _of(_tuning, leg_type) for name, leg_type in _TARGETS.items()},
}

WRITES: dict[str, Write] = {
    "speedtest.start": _start_speedtest,
    "bond.detect_leg_mtus": _of(_detect, None),
    **{f"{each}_leg.detect_mtus": _of(_detect, each) for each in _LEG_TYPES},
    **{
        f"{name}_tuning.{verb}": _of(write, leg_type)
        for name, leg_type in _TARGETS.items()
        for verb, write in _TUNING_WRITES.items()
    },
}

DOCUMENTS: dict[str, Callable[[World, Arguments], object]] = {
    "bond.downtime_prevented": lambda world, arguments: prevented_downtime.report(
        world, [_bond(world, arguments)]
    ),
    "downtime_report.get": lambda world, _: prevented_downtime.report(world, world.bonds.values()),
    "config_updates.get": lambda world, _: config_updates.summary(world),
    "failover_checks.get": lambda world, _: dict(world.failover_checks),
    "certificate.get": lambda world, _: certificate.document(world),
    **{f"{each}_leg.state_history": _of(_history, each) for each in _LEG_TYPES},
    **{f"space.statistics.{what}": _statistics(what) for what in statistics.COUNTS},
}

FILES: dict[str, Callable[[World, Arguments], File]] = {"backup.latest": _backup}
