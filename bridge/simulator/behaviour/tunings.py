"""The life of a tuning of a bond or of one leg: a series of tests, leg by leg and then the bond,
and what comes of it.

Source: the vendor's page on automatic tuning (a leg under test leaves the bond; an offline leg
makes the tuning of it wait; a leg that cannot be tuned fails a bond's job unless it is a failover
leg) and the URI table (when cancel, accept and decline are possible). Times invented.
"""

from typing import Any

from bridge.simulator.behaviour import config_updates
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.world.entities import Bond, Leg, SpeedTest, Tuning
from bridge.simulator.world.world import Arguments, World

PENDING_SECONDS = 5
TEST_SECONDS = 45
RETRY_SECONDS = 10
_REACHABLE = frozenset({"up", "idle"})


def running(world: World, bond: int) -> bool:
    """Say whether a tuning of this bond or of one of its legs is about to run or runs; one that
    waits does not.
    """
    return any(
        it.bond == bond and it.status in {"pending", "running"} for it in world.tunings.values()
    )


def start(
    world: World, bond: Bond, *, leg: Leg | None = None, lasts: float | None = None
) -> Tuning:
    """Create and start a tuning of the bond or of the leg; with `lasts`, its tests share that many
    seconds.

    Refused while another one touches the same legs.
    """
    if _in_the_way(world, bond, leg):
        raise Refused(
            f"A tuning of this {'bond' if leg is None else 'leg'} is already in progress."
        )
    if leg is None:
        legs = [it.id for it in world.legs_of(bond) if it.link_mode == "active"]
    else:
        legs = [leg.id]
    seconds = TEST_SECONDS if lasts is None else (lasts - PENDING_SECONDS) / (len(legs) + 1)
    number = max(world.tunings, default=0) + 1
    if leg is None:
        of_leg = None
    else:
        of_leg = leg.id
    tuning = Tuning(number, bond.id, created=world.now, test_seconds=seconds, legs=legs, leg=of_leg)
    world.tunings[number] = tuning
    world.note(tuning, "status", None, tuning.status)
    world.after(PENDING_SECONDS, "tuning.test", tuning=number, index=0)
    return tuning


def _in_the_way(world: World, bond: Bond, leg: Leg | None) -> bool:
    others = [it for it in world.tunings.values() if it.bond == bond.id and not it.over]
    return any(leg is None or other.leg in {None, leg.id} for other in others)


def begin(world: World, arguments: Arguments) -> None:
    """Happening of stories: somebody starts a tuning; where none can be started, nothing
    happens.
    """
    bond = world.bonds.get(arguments["bond"])
    if bond is not None and not _in_the_way(world, bond, None):
        start(world, bond, lasts=arguments["lasts"])


def test(world: World, arguments: Arguments) -> None:
    """Happening: the test before `index` ends and the one at `index` begins; behind the legs comes
    one for the bond.
    """
    tuning = world.tunings.get(arguments["tuning"])
    index = arguments["index"]
    if tuning is None or tuning.over:
        return
    if index == 0 and _must_wait(world, tuning):
        world.put(tuning, "status", "waiting")
        world.after(RETRY_SECONDS, "tuning.test", tuning=tuning.id, index=0)
        return
    if tuning.status in {"pending", "waiting"}:
        tuning.started = world.now
        world.put(tuning, "status", "running")
    if not tuning.legs or not _passed(world, tuning, index - 1):
        _end(world, tuning, "failed", success=False)
        return
    if not tuning.leg:
        index = _skip_idle_spares(world, tuning, index)
    tests = len(tuning.legs) + (tuning.leg is None)
    if index >= tests:
        tuning.recommendations = _recommendations(world, tuning)
        _end(world, tuning, "finished", success=True)
    elif index < len(tuning.legs) and not _enter(world, tuning.legs[index]):
        _end(world, tuning, "failed", success=False)
    else:
        world.after(tuning.test_seconds, "tuning.test", tuning=tuning.id, index=index + 1)


def _must_wait(world: World, tuning: Tuning) -> bool:
    """Say whether another test of the bond is under way, or the one leg to be tuned cannot be
    reached.
    """
    if tuning.leg is None:
        leg = None
    else:
        leg = world.legs.get(tuning.leg)
    if leg is not None and leg.state not in _REACHABLE:
        return True
    jobs: tuple[SpeedTest | Tuning, ...] = (*world.speedtests.values(), *world.tunings.values())
    return any(it.bond == tuning.bond and it.status == "running" for it in jobs if it is not tuning)


def _passed(world: World, tuning: Tuning, index: int) -> bool:
    if not 0 <= index < len(tuning.legs):
        return True
    leg = world.legs[tuning.legs[index]]
    passed = (leg.failover and tuning.leg is None) or leg.state == "testing"
    leg.testing = False
    world.settle([leg])
    return passed


def _skip_idle_spares(world: World, tuning: Tuning, index: int) -> int:
    while (
        index < len(tuning.legs)
        and (leg := world.legs[tuning.legs[index]]).failover
        and leg.state != "up"
    ):
        index += 1
    return index


def _enter(world: World, number: int) -> bool:
    leg = world.legs.get(number)
    if leg is None or leg.state not in _REACHABLE:
        return False
    leg.testing = True
    world.settle([leg])
    return True


def _end(world: World, tuning: Tuning, status: str, *, success: bool | None) -> None:
    tuning.success = success
    tuning.finished = world.now
    world.put(tuning, "status", status)
    legs = [world.legs[number] for number in tuning.legs if number in world.legs]
    for leg in legs:
        leg.testing = False
    world.settle(legs)


def _recommendations(world: World, tuning: Tuning) -> dict[str, Any]:
    legs = []
    for leg in (world.legs[number] for number in tuning.legs):
        dice = world.dice("tuning", tuning.id, leg.id)
        legs.append(
            {
                "leg": leg.id,
                "down_speed": round(leg.down_speed * dice.uniform(0.88, 0.97), 1),
                "up_speed": round(leg.up_speed * dice.uniform(0.88, 0.97), 1),
            }
        )
    if tuning.leg:
        bond = {}
    else:
        bond = {"packet_distribution": world.bonds[tuning.bond].packet_distribution}
    return {"legs": legs, **bond}


def cancel(world: World, tuning: Tuning) -> None:
    """Stop a tuning that is not over; Refused otherwise."""
    if tuning.over:
        raise Refused("The tuning has already finished.")
    _end(world, tuning, "canceled", success=False)


def decide(world: World, tuning: Tuning, *, accepted: bool) -> None:
    """Accept (the legs take the recommended speeds) or decline. Refused unless successful, not
    empty, not decided.
    """
    if tuning.status != "finished" or not tuning.success:
        raise Refused("The tuning has not finished successfully.")
    if not (tuning.recommendations and tuning.recommendations["legs"]):
        raise Refused("The tuning has no recommendations.")
    if tuning.accepted is not None:
        raise Refused(
            f"The tuning has already been {'accepted' if tuning.accepted else 'declined'}."
        )
    world.put(tuning, "accepted", accepted)
    for advice in tuning.recommendations["legs"] if accepted else ():
        leg = world.legs[advice["leg"]]
        world.put(leg, "down_speed", advice["down_speed"])
        world.put(leg, "up_speed", advice["up_speed"])
    if accepted:
        config_updates.queue(world, config_updates.nodes_of(world.bonds[tuning.bond]))


def put_status(world: World, tuning: Tuning, status: str) -> bool:
    """Give a tuning any status, as if it had come to it by itself. Ending one frees its legs."""
    if status == tuning.status:
        return False
    if status in {"pending", "waiting", "running"}:
        tuning.finished = tuning.success = None
        return world.put(tuning, "status", status)
    if status == "finished" and tuning.recommendations is None:
        tuning.recommendations = _recommendations(world, tuning)
    _end(world, tuning, status, success=status == "finished")
    return True
