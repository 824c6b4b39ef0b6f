"""The server's own backups: one a day, unless a story has taken them over."""

from datetime import datetime, timedelta

from bridge.simulator.things import Backup
from bridge.simulator.world import Arguments, World

DAY = 24 * 3600
KEPT = 100


def past(world: World) -> None:
    """Give a new world three daily backups, the last half a day old, and the next one to come."""
    for days in (2, 1, 0):
        world.backups.append(_backup(world, world.epoch - timedelta(days=days, hours=12)))
    world.after(DAY / 2, "backup.daily")


def daily(world: World, _: Arguments) -> None:
    """Happening: the daily backup completes, if backups are still the server's own business."""
    world.after(DAY, "backup.daily")
    if not world.backups_by_story:
        complete(world, {})


def told(world: World, arguments: Arguments) -> None:
    """Happening of stories: a backup completes, and from now on stories say when."""
    world.backups_by_story = True
    complete(world, arguments)


def complete(world: World, _: Arguments) -> None:
    """Happening: a backup completes; the oldest beyond the hundred kept is gone."""
    backup = _backup(world, world.now)
    world.backups = [*world.backups, backup][-KEPT:]
    world.note(backup, "completed", None, backup.name)


def _backup(world: World, created: datetime) -> Backup:
    name = f"{created:%Y-%m-%dT%H-%M-%S}.zip"
    return Backup(name, world.dice("backup", name).randint(40_000_000, 60_000_000), created)
