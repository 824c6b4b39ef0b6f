"""The vendor-shaped JSON of each object, made here and nowhere else, and never from the bridge's own types.

Configured objects are written by the table; where the vendor's field names are not public, they are the likeliest ones
(`names` says which). A bond has no field for its current aggregator: clients must ask the aggregators' `bonds_current/`.
"""

import itertools
import zlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator import speedtests, table, values
from bridge.simulator.fields import Field
from bridge.simulator.moments import stamp
from bridge.simulator.things import Aggregator, Backup, Bond, Leg, Record, Space, SpeedTest, Thing, Tuning
from bridge.simulator.world import World

Raw = dict[str, Any]
_MEGABIT = 1_000_000
# what a node shows where it stands as a node, besides its id and address
_NODE = tuple(field.name for field in table.KINDS["bonder"].fields if field.name not in {"username", "password"})
_FLAT = ("id", "url", "name", "key")


class Pen:
    """Writes a world's objects as the vendor would, with absolute addresses below `host` (`http://127.0.0.1:8180`)."""

    _reads = itertools.count()  # rates differ at every read, of whatever world

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self._base = host + ROOT
        self._spaces: dict[str, Raw] = {}

    def write(self, thing: Thing | Raw, operation: str = "") -> Raw:
        """Give the JSON of one object, as that operation shows it."""
        if isinstance(thing, dict):
            return thing
        if isinstance(thing, Tuning):
            return self._tuning(thing)
        if isinstance(thing, Backup):
            return {"name": thing.name, "size": thing.size, "created": stamp(thing.created), "complete": thing.complete}
        if isinstance(thing, SpeedTest):
            return speedtests.written(self.world, self.url, thing)
        if operation.startswith("node.") and isinstance(thing, Aggregator | Record):
            return self._node(thing)
        raw = self._configured(thing)
        return {name: raw[name] for name in _FLAT} if operation == "space.flat" else raw

    def index(self, path: str) -> Raw:
        """Give what is right below a path: name → address: `index("/system/")`."""
        rests = [row.path.removeprefix(path) for row in OPERATIONS.values() if row.path.startswith(path)]
        names = sorted({rest.strip("/") for rest in rests if rest.count("/") == 1 and "{" not in rest})
        return {name: f"{self._base}{path}{name}/" for name in names}

    def url(self, *parts: object) -> str:
        """Give the absolute address of an object or list: `url("bonds", 3)`."""
        return "/".join((self._base, *map(str, parts), ""))

    def address(self, thing: Thing) -> str:
        """Give the absolute address of a configured object; a leg's is that of its own type."""
        kind = table.of(thing)
        number = thing.key if isinstance(thing, Space) else getattr(thing, "id", "")
        above, collection = _path(kind.name)
        if not above:
            return f"{self._base}{collection}{number}/"
        parent = table.parents_of(thing)[above]
        place = f"{above}s" if above != "node" else "bonders" if parent in self.world.of("bonder") else "nodes"
        return f"{self._base}/{place}/{parent}{collection}{number}/"

    def refer(self, field: Field, number: Any) -> Any:
        """Write a reference: an address, or a small object, or null."""
        if number is None:
            return None
        if field.type == "space":
            return self._space_in_short(number) if field.written == "nested" else self.url("spaces", number)
        if field.written == "nested":
            group = self.world.of(field.of[0]).get(number)
            return {"id": number, "display_name": group.values["display_name"]} if group else None
        if not _path(field.of[0])[0]:
            return f"{self._base}{_path(field.of[0])[1]}{number}/"
        found = (values.find(self.world, table.KINDS[name], number) for name in field.of)
        return next((self.address(thing) for thing in found if thing is not None), None)

    def bonder(self, bond: Bond) -> Raw:
        """Write a bond's bonder in short, as the bond nests it."""
        number = bond.bonder
        return {"id": number, "name": bond.name, "key": bond.bonder_key, "url": self.url("bonders", number)}

    def _configured(self, thing: Thing) -> Raw:
        kind = table.of(thing)
        raw: Raw = {"id": getattr(thing, "id", None), "url": self.address(thing)} if f"{kind.name}.get" in OPERATIONS else {}
        if kind.name == "settings":
            raw = {}
        raw |= {name: write(self, thing) for name, write in _writers(kind.name)}
        if isinstance(thing, Leg):
            raw["download_rate"], raw["upload_rate"] = self._rates(thing)
        elif isinstance(thing, Bond):
            rates = [self._rates(leg) for leg in self.world.legs_of(thing)]
            raw["download_rate"] = sum(down for down, _ in rates)
            raw["upload_rate"] = sum(up for _, up in rates)
        return raw

    def _node(self, thing: Aggregator | Record) -> Raw:
        whole = self._configured(thing)
        kind = "aggregator" if isinstance(thing, Aggregator) else "bonder"
        return {"id": thing.id, "url": self.url("nodes", thing.id), "type": kind, **{name: whole[name] for name in _NODE}}

    def _tuning(self, it: Tuning) -> Raw:
        """Write a tuning of a bond or of a leg; `recommendations` is null until it has finished."""
        leg = None if it.leg is None else self.world.legs.get(it.leg)
        below = () if leg is None else (f"{leg.type}_legs", leg.id)
        return {
            "id": it.id,
            "url": self.url("bonds", it.bond, *below, "tuners", it.id),
            "status": it.status,
            "success": it.success,
            "created": stamp(it.created),
            "started": _stamped(it.started),
            "finished": _stamped(it.finished),
            "recommendations": it.recommendations,
            "accepted": it.accepted,
        }

    def _space_in_short(self, key: str) -> Raw:
        if key not in self._spaces:
            self._spaces[key] = {"name": self.world.spaces[key].name, "key": key, "url": self.url("spaces", key)}
        return self._spaces[key]

    def _rates(self, leg: Leg) -> tuple[int, int]:
        if leg.state != "up":
            return 0, 0
        # a checksum is chance enough for this, and much cheaper than dice when there are thousands of legs
        chance = zlib.crc32(f"{self.world.seed}:{leg.id}:{next(self._reads)}".encode())
        down, up = chance % 1000, chance // 1000 % 1000
        return int(leg.down_speed * down) * _MEGABIT // 1000, int(leg.up_speed * up) * _MEGABIT // 1000


def _stamped(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


@cache
def _path(kind: str) -> tuple[str, str]:
    """Split the path of a kind's objects: `("bond", "/connected_ips/")`, or `("", "/bonds/")` right below the root."""
    row = OPERATIONS[f"{kind}.get"]
    collection = row.path.rpartition("{")[0]
    above = table.KINDS[kind].parent
    return above, collection.partition("}")[2] if above else collection


@cache
def _writers(kind: str) -> list[tuple[str, Callable[[Pen, Any], Any]]]:
    """How each field of a kind is written; worked out once, because a list may have thousands of objects."""
    return [(field.name, _writer(kind, field)) for field in table.KINDS[kind].fields if not field.write_only]


def _writer(kind: str, field: Field) -> Callable[[Pen, Any], Any]:
    def read(pen: Pen, thing: Any) -> Any:
        return values.get(pen.world, thing, field)

    if field.type == "bonder":
        return Pen.bonder
    if field.many and field.type == "ref":
        return lambda pen, thing: [pen.refer(field, number) for number in read(pen, thing)]
    if field.type in {"ref", "space"}:
        return lambda pen, thing: pen.refer(field, read(pen, thing))
    if field.type == "time" and field.attribute:
        return lambda pen, thing: _stamped(read(pen, thing))
    return _plain_writer(kind, field) or read


def _plain_writer(kind: str, field: Field) -> Callable[[Pen, Any], Any] | None:
    """A shorter way for what is kept as it is shown."""
    name, default, attribute = field.name, field.default, field.attribute
    if field.worked_out or field.many or kind == "bonder" or isinstance(default, tuple):
        return None
    if attribute:
        return lambda _, thing: getattr(thing, attribute)
    return lambda _, thing: thing.values.get(name, default)
