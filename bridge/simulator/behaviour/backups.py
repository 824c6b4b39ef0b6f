"""The server's own backups: one a day, unless a story has taken them over; and the newest as a zip
file.
"""

import io
import json
import zipfile
from datetime import datetime, timedelta

from bridge.simulator.world.entities import Backup
from bridge.simulator.world.world import Arguments, World

DAY = 24 * 3600
KEPT = 100
MOST_MEGABYTES = 1024
_MEGABYTE = 1 << 20


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


def begin(world: World) -> Backup:
    """Begin a backup that stays unfinished, the newest, until the next one completes: then it is
    that one.
    """
    unfinished = next((it for it in world.backups if not it.complete), None)
    if unfinished is None:
        unfinished = _backup(world, world.now)
        unfinished.complete = False
        unfinished.size = 0
        world.backups.append(unfinished)
        world.note(unfinished, "begun", None, unfinished.name)
    return unfinished


def complete(world: World, _: Arguments) -> None:
    """Happening: a backup completes, one under way before a new one; the oldest beyond the hundred
    kept is gone.
    """
    backup = next((it for it in world.backups if not it.complete), None) or _backup(
        world, world.now
    )
    others = [it for it in world.backups if it is not backup]
    backup.complete = True
    backup.size = _size(world, backup.name)
    world.backups = [*others, backup][-KEPT:]
    world.note(backup, "completed", None, backup.name)


def latest(world: World) -> Backup | None:
    """Give the newest backup that is complete, if there is one."""
    return next((it for it in reversed(world.backups) if it.complete), None)


def packed(world: World, backup: Backup) -> bytes:
    """Give a true zip file: a word about the backup, and as many megabytes of chance as the world
    says.
    """
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w") as archive:
        about = {"name": backup.name, "bonds": len(world.bonds), "legs": len(world.legs)}
        _add(archive, backup, "backup.json", json.dumps(about).encode())
        dice = world.dice("zip", backup.name)
        for number in range(world.backup_megabytes):
            _add(archive, backup, f"database/{number:04}.bin", dice.randbytes(_MEGABYTE))
    return packing.getvalue()


def _add(archive: zipfile.ZipFile, backup: Backup, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, backup.created.timetuple()[:6]), content)


def _backup(world: World, created: datetime) -> Backup:
    name = f"{created:%Y-%m-%dT%H-%M-%S}.zip"
    return Backup(name, _size(world, name), created)


def _size(world: World, name: str) -> int:
    return world.dice("backup", name).randint(40_000_000, 60_000_000)
