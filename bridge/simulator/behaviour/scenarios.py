"""Stories: named scenarios as data. A step is `(at, happening, arguments)`, `at` in seconds from
the story's start.

Where a story is stands in the world (`stories`) and on its agenda, so it is saved with it and goes
on after a restart.
"""

from dataclasses import dataclass
from typing import Any

from bridge.simulator.behaviour import random_faults
from bridge.simulator.world.entities import Telling
from bridge.simulator.world.world import Arguments, World

MOST_FAULTS_A_DAY = 5000  # per leg: more would find no leg that is up

Step = tuple[float, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, in order; with `every`, it all begins again after that many seconds, for ever.

    One that is `endless` is not over with its last step.
    """

    about: str
    steps: tuple[Step, ...]
    every: float | None = None
    endless: bool = False


def _line(nth: int, bond: int, state: str) -> tuple[str, dict[str, Any]]:
    return "leg.line", {"bond": bond, "nth": nth, "state": state}


def _flapping(bond: int, *, period: int, lasts: int) -> tuple[Step, ...]:
    return tuple(
        (at + half, *_line(1, bond, state))
        for at in range(0, lasts, period)
        for half, state in ((0, "down"), (period / 2, "up"))
    )


STORIES: dict[str, Story] = {
    "quiet": Story(
        "ends whatever stories are under way, mends what they broke; then nothing happens by"
        " itself",
        (),
    ),
    "tour": Story(
        "a bit of everything within the hour: backups, a tuning, a leg and an aggregator that fail"
        " and come back",
        (
            (0, "backup.told", {}),
            (20, "tuning.begin", {"bond": 2, "lasts": 300}),
            (60, *_line(1, 1, "down")),
            (120, "aggregator.breaks", {"broken": True}),
            (240, *_line(1, 1, "up")),
            (1200, "aggregator.breaks", {"broken": False}),
            (1500, "backup.told", {}),
            (2100, "backup.told", {}),
            (2700, "backup.told", {}),
            (3300, "backup.told", {}),
        ),
        every=3600,
    ),
    "flap": Story(
        "one leg of bond 1 goes down and up every 40 s for 20 min",
        _flapping(1, period=40, lasts=1200),
    ),
    "outage": Story(
        "one aggregator breaks for ten minutes",
        ((0, "aggregator.breaks", {"broken": True}), (600, "aggregator.breaks", {"broken": False})),
    ),
    "storm": Story(
        "one leg in twenty goes down and up every 40 s for 15 min, and meanwhile one aggregator"
        " breaks and is mended",
        (
            (0, "story.flaps", {"name": "storm", "share": 0.05, "period": 40, "lasts": 900}),
            (60, "aggregator.breaks", {"broken": True}),
            (900, "aggregator.breaks", {"broken": False}),
        ),
    ),
    "random-faults": Story(
        f"legs fail at random, for 3 s to 10 min, each {random_faults.FAULTS_A_DAY:g} times a day"
        " or as often as `rate` says",
        ((0, "story.faults", {"name": "random-faults"}),),
        endless=True,
    ),
}


class StoryUnderWay(Exception):
    """The story is being told already."""


def begin(world: World, name: str, *, rate: float | None = None) -> Telling:
    """Start a story now. KeyError for a name that is none, StoryUnderWay while it is being told.

    `rate`: faults per leg and day, for a story that is left to chance.
    """
    story = STORIES[name]
    if (telling := world.stories.get(name)) and telling.under_way:
        raise StoryUnderWay(name)
    if name == "quiet":
        _end_all(world)
    world.stories[name] = Telling(name, world.now, under_way=bool(story.steps), rate=rate)
    world.version += 1
    _lay_out(world, name)
    return world.stories[name]


def go_on(world: World, name: str) -> Telling:
    """Start a story unless it is under way: then it goes on from where it is."""
    telling = world.stories.get(name)
    if telling and telling.under_way:
        return telling
    return begin(world, name)


def _lay_out(world: World, name: str) -> None:
    story = STORIES[name]
    for index, (at, _, _) in enumerate(story.steps):
        world.after(at, "story.step", name=name, index=index)
    if story.every is not None:
        world.after(story.every, "story.again", name=name)
    world.advance_to(world.now)


def step(world: World, arguments: Arguments) -> None:
    """Happening: one step of a story; its last step ends one that does not repeat."""
    story = STORIES[arguments["name"]]
    _, happening, details = story.steps[arguments["index"]]
    world.happen(happening, dict(details))
    if story.every is None and not story.endless and arguments["index"] == len(story.steps) - 1:
        world.stories[arguments["name"]].under_way = False


def again(world: World, arguments: Arguments) -> None:
    """Happening: a story that repeats begins its next round."""
    world.stories[arguments["name"]].round += 1
    _lay_out(world, arguments["name"])


def _end_all(world: World) -> None:
    """End every story; what they break is mended, so that a quiet world is not left half broken."""
    world.forget("story.")
    world.backups_by_story = False
    for telling in world.stories.values():
        if telling.under_way:
            telling.under_way = False
            random_faults.mend(world, telling)
            _mend(world, STORIES[telling.name])


def _mend(world: World, story: Story) -> None:
    for _, happening, details in story.steps:
        if details.get("state") == "up" or details.get("broken") is False:
            world.happen(happening, dict(details))
