"""Speed tests: one at a time per bond, the others queue and start by themselves.

Source: the vendor's pages on speed tests and their results. The server tests the bond, or one leg
that is in active mode and up; a leg under test leaves the bond. The names of the fields are our
likeliest guess; times are invented.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from bridge.simulator.behaviour import tunings
from bridge.simulator.world.entities import Bond, Leg, SpeedTest
from bridge.simulator.world.operation_results import Invalid
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import Arguments, World

QUEUE_SECONDS = 2
RETRY_SECONDS = 5
SAMPLES_A_SECOND = 10
_LONGEST = 300
_MOST_AT_ONCE = 64
_MEGABIT_PACKETS = 1_000_000 / 8 / 1200  # packets per second that carry one Mbit/s


def _choice(*choices: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f'"{value}" is not a valid choice.')
        return value

    return read


def _whole(most: int) -> Callable[[Any], Any]:
    def read(value: Any) -> int:
        number = _number(value)
        if not number.is_integer() or not 1 <= number <= most:
            raise ValueError(f"Ensure this value is a whole number from 1 to {most}.")
        return int(number)

    return read


def _number(value: Any) -> float:
    """Read a number, or what a form sends for one. ValueError with the framework's text."""
    try:
        if isinstance(value, bool):
            number = math.nan
        else:
            number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("A valid number is required.")
    return number


def _limit(value: Any) -> float | None:
    if value in (None, ""):
        return None
    number = _number(value)
    if number <= 0:
        raise ValueError("Ensure this value is greater than 0.")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Not a valid string.")  # noqa: TRY004
    return value


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "protocol": _choice("tcp", "udp"),
    "direction": _choice("download", "upload"),
    "length": _whole(_LONGEST),
    "concurrency": _whole(_MOST_AT_ONCE),
    "rate_limit": _limit,
    "description": _text,
}


def start(world: World, bond: Bond, wanted: Mapping[str, Any]) -> SpeedTest:
    """Queue a test as a client asks for it: `leg` (its URL, id, object or null) and any of the
    options. Raises Invalid.
    """
    options = _read(wanted)
    leg = _leg(world, bond, wanted.get("leg"))
    number = max(world.speedtests, default=0) + 1
    if leg is None:
        of_leg = None
    else:
        of_leg = leg.id
    test = SpeedTest(number, bond.id, world.now, of_leg, aggregator=bond.current, **options)
    world.speedtests[number] = test
    world.note(test, "status", None, test.status)
    world.after(QUEUE_SECONDS, "speedtest.next", bond=bond.id)
    return test


def _read(wanted: Mapping[str, Any]) -> dict[str, Any]:
    read = {}
    wrong = {}
    for name in _OPTIONS.keys() & wanted.keys():
        try:
            read[name] = _OPTIONS[name](wanted[name])
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise Invalid(wrong)
    return read


def _leg(world: World, bond: Bond, wanted: object) -> Leg | None:
    if wanted is None or wanted == "":
        return None
    if isinstance(wanted, Mapping):
        named = wanted.get("id", wanted.get("url"))
    else:
        named = wanted
    last = str(named).rstrip("/").rsplit("/", 1)[-1]
    if last.isascii() and last.isdigit():
        leg = world.legs.get(int(last))
    else:
        leg = None
    if leg is None or leg.bond != bond.id:
        raise Invalid({"leg": ["Invalid hyperlink - Object does not exist."]})
    if leg.link_mode != "active" or leg.state != "up":
        raise Invalid({"leg": ["The leg must be in active mode and up."]})
    return leg


def begin_next(world: World, arguments: Arguments) -> None:
    """Happening: the oldest queued test of a bond begins, if no other runs and no tuning does."""
    tests = [test for test in world.speedtests.values() if test.bond == arguments["bond"]]
    queued = next((test for test in tests if test.status == "queued"), None)
    if queued is None or any(test.status == "running" for test in tests):
        return
    if tunings.running(world, queued.bond):
        world.after(RETRY_SECONDS, "speedtest.next", bond=queued.bond)
        return
    queued.started = world.now
    world.put(queued, "status", "running")
    leg = _tested(world, queued)
    if leg is not None:
        leg.testing = True
        world.settle([leg])
    world.after(queued.length, "speedtest.end", speedtest=queued.id)


def end(world: World, arguments: Arguments) -> None:
    """Happening: a test ends; it has failed if what it tested was not there for it. The next one
    begins.
    """
    test = world.speedtests.get(arguments["speedtest"])
    if test is None or test.status != "running":
        return
    leg = _tested(world, test)
    if leg is not None:
        legs = [leg]
    else:
        legs = world.legs_of(world.bonds[test.bond])
    speeds = [_speed(test, it) for it in legs if it.state in {"up", "testing"}]
    if speeds and any(speeds):
        test.results = _results(world, test, sum(speeds))
    else:
        test.results = None
    test.finished = world.now
    world.put(test, "status", "failed" if test.results is None else "finished")
    if leg is not None:
        leg.testing = False
        world.settle([leg])
    begin_next(world, {"bond": test.bond})


def _tested(world: World, test: SpeedTest) -> Leg | None:
    if test.leg is None:
        return None
    return world.legs.get(test.leg)


def _speed(test: SpeedTest, leg: Leg) -> float:
    if test.direction == "download":
        return leg.down_speed
    return leg.up_speed


def _results(world: World, test: SpeedTest, speed: float) -> dict[str, Any]:
    dice = world.dice("speedtest", test.id)
    reached = min(speed * dice.uniform(0.88, 0.97), test.rate_limit or speed)
    return {
        "throughput": round(reached, 2),
        "packets_per_second": round(reached * _MEGABIT_PACKETS),
        "latency": {
            "mean": round(dice.uniform(18, 60), 1),
            "stddev": round(dice.uniform(1, 9), 1),
            "samples": test.length * SAMPLES_A_SECOND,
        },
        "send_queue": dice.randint(0, 120_000),
        "packet_loss": round(dice.uniform(0, 0.4), 3),
    }


def written(world: World, url: Callable[..., str], test: SpeedTest) -> dict[str, Any]:
    """Give the vendor's JSON of a test; `progress_results` is large. `url` makes addresses of
    paths.
    """
    leg = _tested(world, test)
    return {
        "id": test.id,
        "url": url("bonds", test.bond, "speedtests", test.id),
        "leg": None if leg is None else url("bonds", leg.bond, f"{leg.type}_legs", leg.id),
        "aggregator": url("aggregators", test.aggregator),
        **{name: getattr(test, name) for name in _OPTIONS},
        "status": test.status,
        "created": stamp(test.created),
        "started": None if test.started is None else stamp(test.started),
        "finished": None if test.finished is None else stamp(test.finished),
        "results": test.results,
        "progress_results": _progress(world, test),
    }


def _progress(world: World, test: SpeedTest) -> list[dict[str, Any]]:
    """Work out the samples, ten a second, from the results: they are too many to be kept."""
    if test.results is None:
        return []
    dice = world.dice("progress", test.id)
    mean = test.results["throughput"]
    return [
        {
            "time": round((number + 1) / SAMPLES_A_SECOND, 1),
            "throughput": round(mean * dice.uniform(0.9, 1.1), 2),
            "packets_per_second": round(mean * _MEGABIT_PACKETS * dice.uniform(0.9, 1.1)),
            "latency": round(test.results["latency"]["mean"] * dice.uniform(0.8, 1.3), 1),
            "packet_loss": test.results["packet_loss"],
        }
        for number in range(test.length * SAMPLES_A_SECOND)
    ]
