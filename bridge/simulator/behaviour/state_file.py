"""A world in one JSON file: plain values out and in, replaced atomically.

While no process runs, the world's time stands still: loading gives the world exactly as it was
saved.
"""

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge.simulator.behaviour.event_registry import HAPPENINGS
from bridge.simulator.world.entities import (
    Aggregator,
    Backup,
    Bond,
    Leg,
    Record,
    Space,
    SpeedTest,
    Telling,
    Tuning,
)
from bridge.simulator.world.leg_history import Past
from bridge.simulator.world.vendor_timestamps import moment, stamp
from bridge.simulator.world.world import Due, World

FORMAT = "bondbridge-simulator"
VERSION = 2
_MOMENTS = frozenset({"created", "started", "finished", "away_until"})
_AS_THEY_ARE = ("failover_checks", "config_updates", "certificate", "backup_megabytes")

Plain = dict[str, Any]


class StateUnreadable(ValueError):
    """The file is not a saved world, or not one that this version can read."""


def save(world: World, path: Path) -> None:
    """Write the world beside `path`, then put it in its place. Raises OSError.

    There is no fsync: a killed process loses nothing by that, and a toy need not survive a power
    cut.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(to_plain(world), separators=(",", ":")), encoding="utf-8")
    draft.replace(path)


def load(path: Path) -> World:
    """Read a saved world. Raises OSError, or StateUnreadable."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StateUnreadable(f"{path} is not JSON") from error
    return from_plain(plain, str(path))


def to_plain(world: World) -> Plain:
    """Give everything a world is, as plain JSON values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "seed": world.seed,
        "epoch": stamp(world.epoch),
        "now": stamp(world.now),
        "numbered": world.numbered,
        "backups_by_story": world.backups_by_story,
        "spaces": [_plain(it) for it in world.spaces.values()],
        "aggregators": [_plain(it) for it in world.aggregators.values()],
        "bonds": [_plain(it) for it in world.bonds.values()],
        "legs": [_plain(it) for it in world.legs.values()],
        "tunings": [_plain(it) for it in world.tunings.values()],
        "speedtests": [_plain(it) for it in world.speedtests.values()],
        "past": {
            "window": world.past.window,
            "runs": world.past.runs,
            "outages": world.past.outages,
        },
        **{name: getattr(world, name) for name in _AS_THEY_ARE},
        "offline_nodes": world.offline_nodes,
        "records": [_plain(it) for kind in world.records.values() for it in kind.values()],
        "sequences": world.sequences,
        "backups": [_plain(it) for it in world.backups],
        "stories": [_plain(it) for it in world.stories.values()],
        "agenda": [
            [stamp(due.at), due.number, due.name, due.arguments] for due in sorted(world.agenda)
        ],
        "truth": world.truth,
        "ledger": world.ledger,
    }


def from_plain(plain: object, name: str) -> World:
    """Make the world again; `name` is what the error calls the file. Raises StateUnreadable."""
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise StateUnreadable(f"{name} is not a saved world of this simulator")
    if plain.get("version") != VERSION:
        raise StateUnreadable(
            f"{name} was saved in version {plain.get('version')!r}, this reads version {VERSION}"
        )
    try:
        return _world(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateUnreadable(f"{name} is damaged ({type(error).__name__}: {error})") from error


def _world(plain: Plain) -> World:
    world = World(seed=plain["seed"], epoch=moment(plain["epoch"]), happenings=HAPPENINGS)
    world.now = moment(plain["now"])
    world.numbered = plain["numbered"]
    world.backups_by_story = plain["backups_by_story"]
    world.spaces = {it["key"]: Space(**it) for it in plain["spaces"]}
    world.aggregators = {it["id"]: Aggregator(**it) for it in plain["aggregators"]}
    world.bonds = {it["id"]: Bond(**_timed(it)) for it in plain["bonds"]}
    world.legs = {it["id"]: Leg(**_timed(it)) for it in plain["legs"]}
    world.tunings = {it["id"]: Tuning(**_timed(it)) for it in plain["tunings"]}
    world.speedtests = {it["id"]: SpeedTest(**_timed(it)) for it in plain["speedtests"]}
    world.offline_nodes = _numbered(plain["offline_nodes"])
    _remember(world.past, plain["past"])
    for name in _AS_THEY_ARE:
        setattr(world, name, plain[name])
    for it in plain["records"]:
        world.of(it["kind"])[it["id"]] = Record(**it)
    world.sequences = dict(plain["sequences"])
    world.backups = [Backup(**_timed(it)) for it in plain["backups"]]
    world.stories = {it["name"]: Telling(**_timed(it)) for it in plain["stories"]}
    world.agenda = [
        Due(moment(at), number, name, arguments) for at, number, name, arguments in plain["agenda"]
    ]
    world.truth = list(plain["truth"])
    world.ledger = list(plain["ledger"])
    unknown = {due.name for due in world.agenda} - HAPPENINGS.keys()
    if unknown:
        raise ValueError(f"unknown happening {min(unknown)}")
    return world


def _remember(past: Past, plain: Plain) -> None:
    past.window = plain["window"]
    past.runs = _numbered(plain["runs"])
    past.outages = _numbered(plain["outages"])


def _numbered(plain: Plain) -> dict[int, Any]:
    """Make ids of the keys again: JSON has only text there."""
    return {int(number): value for number, value in plain.items()}


def _plain(thing: Any) -> Plain:
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return {
        name: stamp(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _timed(plain: Plain) -> Plain:
    return {
        name: moment(value) if name in _MOMENTS and value else value
        for name, value in plain.items()
    }
