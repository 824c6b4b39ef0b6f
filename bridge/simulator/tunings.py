"""The life of a bond tuning: a series of tests, leg by leg and then the bond, and what comes of it.

Source: the vendor's page on automatic bond tuning (a leg under test leaves the bond; a leg that cannot be tuned fails
the job unless it is a failover leg) and the URI table (when cancel, accept and decline are possible). Times invented.
"""

from typing import Any

from bridge.simulator.failover import Refused
from bridge.simulator.things import Bond, Tuning
from bridge.simulator.world import Arguments, World

PENDING_SECONDS = 5
TEST_SECONDS = 45


def running(world: World, bond: int) -> bool:
    """Whether a tuning of the bond, or of one of its legs, is not over yet."""
    return any(not tuning.over for tuning in world.tunings.values() if tuning.bond == bond)


def start(world: World, bond: Bond, *, lasts: float | None = None) -> Tuning:
    """Create and start a tuning; with `lasts`, its tests share that many seconds. Refused while another runs."""
    if any(not other.over for other in world.tunings.values() if other.bond == bond.id):
        raise Refused("A tuning of this bond is already in progress.")
    legs = [leg.id for leg in world.legs_of(bond) if leg.link_mode == "active"]
    seconds = TEST_SECONDS if lasts is None else (lasts - PENDING_SECONDS) / (len(legs) + 1)
    number = len(world.tunings) + 1
    tuning = Tuning(number, bond.id, created=world.now, test_seconds=seconds, legs=legs)
    world.tunings[number] = tuning
    world.note(tuning, "status", None, tuning.status)
    world.after(PENDING_SECONDS, "tuning.test", tuning=number, index=0)
    return tuning


def begin(world: World, arguments: Arguments) -> None:
    """Happening of stories: somebody starts a tuning; where none can be started, nothing happens."""
    bond = world.bonds.get(arguments["bond"])
    if bond is not None and not any(not t.over for t in world.tunings.values() if t.bond == bond.id):
        start(world, bond, lasts=arguments["lasts"])


def test(world: World, arguments: Arguments) -> None:
    """Happening: the test before `index` ends and the one at `index` begins; behind the legs comes one for the bond."""
    tuning, index = world.tunings[arguments["tuning"]], arguments["index"]
    if tuning.over:
        return
    if tuning.status == "pending":
        tuning.started = world.now
        world.put(tuning, "status", "running")
    if not tuning.legs or not _passed(world, tuning, index - 1):
        _end(world, tuning, "failed", success=False)
        return
    index = _skip_idle_spares(world, tuning, index)
    if index > len(tuning.legs):
        tuning.recommendations = _recommendations(world, tuning)
        _end(world, tuning, "finished", success=True)
    elif index < len(tuning.legs) and not _enter(world, tuning.legs[index]):
        _end(world, tuning, "failed", success=False)
    else:
        world.after(tuning.test_seconds, "tuning.test", tuning=tuning.id, index=index + 1)


def _passed(world: World, tuning: Tuning, index: int) -> bool:
    if not 0 <= index < len(tuning.legs):
        return True
    leg = world.legs[tuning.legs[index]]
    passed = leg.failover or leg.state == "testing"
    leg.testing = False
    world.settle([leg])
    return passed


def _skip_idle_spares(world: World, tuning: Tuning, index: int) -> int:
    while index < len(tuning.legs) and (leg := world.legs[tuning.legs[index]]).failover and leg.state != "up":
        index += 1
    return index


def _enter(world: World, number: int) -> bool:
    leg = world.legs[number]
    if leg.state != "up":
        return False
    leg.testing = True
    world.settle([leg])
    return True


def _end(world: World, tuning: Tuning, status: str, *, success: bool | None) -> None:
    tuning.success, tuning.finished = success, world.now
    world.put(tuning, "status", status)
    legs = [world.legs[number] for number in tuning.legs]
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
    return {"legs": legs, "packet_distribution": world.bonds[tuning.bond].packet_distribution}


def cancel(world: World, tuning: Tuning) -> None:
    """Stop a tuning that is not over; Refused otherwise."""
    if tuning.over:
        raise Refused("The tuning has already finished.")
    _end(world, tuning, "canceled", success=False)


def decide(world: World, tuning: Tuning, *, accepted: bool) -> None:
    """Accept (the legs take the recommended speeds) or decline. Refused unless successful, not empty, not decided."""
    if tuning.status != "finished" or not tuning.success:
        raise Refused("The tuning has not finished successfully.")
    if not (tuning.recommendations and tuning.recommendations["legs"]):
        raise Refused("The tuning has no recommendations.")
    if tuning.accepted is not None:
        raise Refused(f"The tuning has already been {'accepted' if tuning.accepted else 'declined'}.")
    world.put(tuning, "accepted", accepted)
    for advice in tuning.recommendations["legs"] if accepted else ():
        leg = world.legs[advice["leg"]]
        world.put(leg, "down_speed", advice["down_speed"])
        world.put(leg, "up_speed", advice["up_speed"])


def put_status(world: World, tuning: Tuning, status: str) -> bool:
    """Give a tuning any status, as if it had come to it by itself. Ending one frees its legs."""
    if status == tuning.status:
        return False
    if status in {"pending", "running"}:
        tuning.finished = tuning.success = None
        return world.put(tuning, "status", status)
    if status == "finished" and tuning.recommendations is None:
        tuning.recommendations = _recommendations(world, tuning)
    _end(world, tuning, status, success=status == "finished")
    return True
