"""What stories leave to chance: legs that fail at random, legs that flap. By the seed, so equal
worlds go the same way.

The names of these happenings begin with `story.`, so that ending the stories takes them off the
agenda.
"""

from bridge.simulator.world.entities import Leg, Telling
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import Arguments, World

FAULTS_A_DAY = 4.0  # per leg
SHORTEST = 3.0
LONGEST = 600.0
_DAY = 24 * 3600


def begin(world: World, arguments: Arguments) -> None:
    """Happening of a story: from now on legs fail at random, as many a day as its telling's `rate`
    times all legs.
    """
    _next_fault(world, world.stories[arguments["name"]], 1)


def fault(world: World, arguments: Arguments) -> None:
    """Happening: the line of one leg fails, for 3 s to 10 min, short more often than long; and the
    next is due.
    """
    telling = world.stories[arguments["name"]]
    number = arguments["number"]
    if not world.legs:
        return
    dice = world.dice("fault", stamp(telling.started), number)
    leg = world.legs[dice.choice(list(world.legs))]
    if leg.line == "up" and leg.link_mode != "offline":
        _put(world, telling, leg, "down")
        seconds = SHORTEST * (LONGEST / SHORTEST) ** dice.random()
        world.after(seconds, "story.line", name=telling.name, leg=leg.id, state="up")
    _next_fault(world, telling, number + 1)


def _next_fault(world: World, telling: Telling, number: int) -> None:
    if world.legs:
        a_second = len(world.legs) * (FAULTS_A_DAY if telling.rate is None else telling.rate) / _DAY
        dice = world.dice("next fault", stamp(telling.started), number)
        world.after(dice.expovariate(a_second), "story.fault", name=telling.name, number=number)


def line(world: World, arguments: Arguments) -> None:
    """Happening: the line of a leg takes a state."""
    leg = world.legs.get(arguments["leg"])
    if leg is not None:
        _put(world, world.stories[arguments["name"]], leg, arguments["state"])


def flaps(world: World, arguments: Arguments) -> None:
    """Happening of a story: a `share` of all legs begins to go down and up, each every `period`
    seconds, for `lasts`.
    """
    telling = world.stories[arguments["name"]]
    dice = world.dice("flaps", stamp(telling.started))
    numbers = sorted(
        dice.sample(list(world.legs), max(1, round(len(world.legs) * arguments["share"])))
    )
    half = arguments["period"] / 2
    turns = 2 * (arguments["lasts"] // arguments["period"] - 1)
    for number in numbers:
        world.after(
            dice.uniform(0, half),
            "story.flap",
            name=telling.name,
            leg=number,
            half=half,
            left=turns - 1,
        )


def flap(world: World, arguments: Arguments) -> None:
    """Happening: a leg's line turns from down to up or back, and will again while turns are left;
    the last is up.
    """
    leg = world.legs.get(arguments["leg"])
    left = arguments["left"]
    if leg is None:
        return
    _put(world, world.stories[arguments["name"]], leg, "down" if left % 2 else "up")
    if left:
        world.after(arguments["half"], "story.flap", **{**arguments, "left": left - 1})


def mend(world: World, telling: Telling) -> None:
    """Mend every line that this telling has cut and not mended yet."""
    for number in list(telling.cut):
        line(world, {"name": telling.name, "leg": number, "state": "up"})
    telling.cut.clear()


def _put(world: World, telling: Telling, leg: Leg, state: str) -> None:
    if state == "up" and leg.id in telling.cut:
        telling.cut.remove(leg.id)
    elif state == "down" and leg.id not in telling.cut:
        telling.cut.append(leg.id)
    leg.line = state
    world.settle([leg])
