"""The vendor-shaped JSON of each object, made here and nowhere else, and never from the bridge's
own types.

Configured objects are written by the table; where the vendor's field names are not public, they are
the likeliest ones (`guessed_names` says which). A bond has no field for its current aggregator:
clients must ask the aggregators' `bonds_current/`.
"""

import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator.behaviour import speed_tests
from bridge.simulator.schema import field_storage, kinds
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import (
    Aggregator,
    Backup,
    Bond,
    Leg,
    Record,
    Space,
    SpeedTest,
    Thing,
    Tuning,
)
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import World

Raw = dict[str, Any]
_MEGABIT = 1_000_000
# what a node shows where it stands as a node, besides its id and address
_NODE = tuple(
    field.name
    for field in kinds.KINDS["bonder"].fields
    if field.name not in {"username", "password"}
)
_FLAT = ("id", "url", "name", "key")


class Serializer:
    """Writes a world's objects as the vendor would, with absolute addresses below `host`
    (`http://127.0.0.1:8180`).
    """

    _reads = itertools.count()  # rates differ at every read, of whatever world

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.base = host + ROOT
        self._spaces: dict[str, Raw] = {}

    def write(self, thing: Thing | Raw, operation: str = "") -> Raw:
        """Give the JSON of one object, as that operation shows it."""
        if isinstance(thing, dict):
            return thing
        if isinstance(thing, Tuning):
            return self._tuning(thing)
        if isinstance(thing, Backup):
            return {
                "name": thing.name,
                "size": thing.size,
                "created": stamp(thing.created),
                "complete": thing.complete,
            }
        if isinstance(thing, SpeedTest):
            return speed_tests.written(self.world, self.url, thing)
        if operation.startswith("node.") and isinstance(thing, Aggregator | Record):
            return self._node(thing)
        raw = self._configured(thing)
        if operation == "space.flat":
            return {name: raw[name] for name in _FLAT}
        return raw

    def index(self, path: str, arguments: Raw) -> Raw:
        """Give what is right below a path of the table: name → address: `index("/system/", {})`."""
        rests = [
            row.path.removeprefix(path) for row in OPERATIONS.values() if row.path.startswith(path)
        ]
        names = sorted(
            {rest.strip("/") for rest in rests if rest.count("/") == 1 and "{" not in rest}
        )
        return {name: f"{self.base}{path.format(**arguments)}{name}/" for name in names}

    def url(self, *parts: object) -> str:
        """Give the absolute address of an object or list: `url("bonds", 3)`."""
        return "/".join((self.base, *map(str, parts), ""))

    def address(self, thing: Thing) -> str:
        """Give the absolute address of a configured object; a leg's is that of its own type."""
        if isinstance(thing, Leg):
            return f"{self.base}/bonds/{thing.bond}/{thing.type}_legs/{thing.id}/"
        above, collection = _path(kinds.of(thing).name)
        if isinstance(thing, Space):
            number = thing.key
        else:
            number = kinds.id_of(thing)
        if not above:
            return f"{self.base}{collection}{number}/"
        parent = kinds.parents_of(thing)[above]
        place = (
            f"{above}s"
            if above != "node"
            else "bonders"
            if parent in self.world.of("bonder")
            else "nodes"
        )
        return f"{self.base}/{place}/{parent}{collection}{number}/"

    def refer(self, field: Field, number: Any) -> Any:
        """Write a reference: an address, or a small object, or null."""
        if number is None:
            return None
        if field.type == "space":
            if field.written == "nested":
                return self._space_in_short(number)
            return self.url("spaces", number)
        if field.written == "nested":
            group = self.world.of(field.of[0]).get(number)
            if group:
                return {"id": number, "display_name": group.values["display_name"]}
            return None
        if not _path(field.of[0])[0]:
            return f"{self.base}{_path(field.of[0])[1]}{number}/"
        for name in field.of:
            thing = field_storage.find(self.world, kinds.KINDS[name], number)
            if thing is not None:
                return self.address(thing)
        return None

    def bonder(self, bond: Bond) -> Raw:
        """Write a bond's bonder in short, as the bond nests it."""
        number = bond.bonder
        return {
            "id": number,
            "name": bond.name,
            "key": bond.bonder_key,
            "url": self.url("bonders", number),
        }

    def _configured(self, thing: Thing) -> Raw:
        shape = _shape(kinds.of(thing).name)
        raw: Raw = {"id": kinds.id_of(thing), "url": self.address(thing)} if shape.addressed else {}
        if shape.attributes:
            raw.update(zip(shape.attributes, shape.read(thing), strict=True))
        if shape.values:
            held = thing.values  # type: ignore[union-attr]
            raw.update({name: held.get(name, default) for name, default in shape.values})
        for name, write in shape.others:
            raw[name] = write(self, thing)
        if isinstance(thing, Leg):
            raw["download_rate"], raw["upload_rate"] = self._rates(thing)
        elif isinstance(thing, Bond):
            rates = [self._rates(leg) for leg in self.world.legs_of(thing)]
            raw["download_rate"] = sum(down for down, _ in rates)
            raw["upload_rate"] = sum(up for _, up in rates)
        return raw

    def _node(self, thing: Aggregator | Record) -> Raw:
        whole = self._configured(thing)
        if isinstance(thing, Aggregator):
            kind = "aggregator"
        else:
            kind = "bonder"
        return {
            "id": thing.id,
            "url": self.url("nodes", thing.id),
            "type": kind,
            **{name: whole[name] for name in _NODE},
        }

    def _tuning(self, it: Tuning) -> Raw:
        """Write a tuning of a bond or of a leg; `recommendations` is null until it has finished."""
        if it.leg is None:
            leg = None
        else:
            leg = self.world.legs.get(it.leg)
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
            self._spaces[key] = {
                "name": self.world.spaces[key].name,
                "key": key,
                "url": self.url("spaces", key),
            }
        return self._spaces[key]

    def _rates(self, leg: Leg) -> tuple[int, int]:
        if leg.state != "up":
            return 0, 0
        # a checksum is chance enough for this, and much cheaper than dice when there are thousands
        # of legs
        chance = zlib.crc32(f"{self.world.seed}:{leg.id}:{next(self._reads)}".encode())
        down = chance % 1000
        up = chance // 1000 % 1000
        return int(leg.down_speed * down) * _MEGABIT // 1000, int(
            leg.up_speed * up
        ) * _MEGABIT // 1000


@lru_cache(maxsize=10_000)  # a list shows the same moments at every read
def _stamped(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return stamp(moment)


@cache
def _path(kind: str) -> tuple[str, str]:
    """Split the path of a kind's objects: `("bond", "/connected_ips/")`, or `("", "/bonds/")` right
    below the root.
    """
    row = OPERATIONS[f"{kind}.get"]
    collection = row.path.rpartition("{")[0]
    above = kinds.KINDS[kind].parent
    return above, collection.partition("}")[2] if above else collection


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the objects of a kind are written: worked out once, because a list may have thousands of
    them.

    `attributes` are read from the thing together, `values` come with their defaults, `others` are
    written one by one.
    """

    addressed: bool
    attributes: tuple[str, ...]
    read: Callable[[Any], Any]
    values: tuple[tuple[str, Any], ...]
    others: tuple[tuple[str, Callable[[Serializer, Any], Any]], ...]


@cache
def _shape(name: str) -> _Shape:
    kind = kinds.KINDS[name]
    shown = [field for field in kind.fields if not field.write_only]
    plain = [field for field in shown if _is_plain(name, field)]
    attributes = [field for field in plain if field.attribute]
    return _Shape(
        addressed=name != "settings" and f"{name}.get" in OPERATIONS,
        attributes=tuple(field.name for field in attributes),
        read=_reader([field.attribute for field in attributes]),
        values=tuple((field.name, field.default) for field in plain if not field.attribute),
        others=tuple((field.name, _writer(name, field)) for field in shown if field not in plain),
    )


def _reader(names: list[str]) -> Callable[[Any], Any]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda thing: [getattr(thing, name) for name in names]


def _is_plain(kind: str, field: Field) -> bool:
    """Whether a field is shown as it is kept, in the thing itself."""
    mixed = field.worked_out or field.many or kind == "bonder" or isinstance(field.default, tuple)
    return (
        not mixed
        and field.type not in {"ref", "space", "bonder"}
        and not (field.type == "time" and field.attribute)
    )


def _writer(kind: str, field: Field) -> Callable[[Serializer, Any], Any]:
    """How one field is written; the common references have ways of their own, which are short."""

    def read(pen: Serializer, thing: Any) -> Any:
        return field_storage.get(pen.world, thing, field)

    held = (
        None
        if field.worked_out or kind == "bonder"
        else attrgetter(field.attribute)
        if field.attribute
        else None
    )
    if field.type == "bonder":
        return Serializer.bonder
    if field.type == "time" and held:
        return lambda _, thing: _stamped(held(thing))
    if field.type == "ref" and field.many:
        return lambda pen, thing: [pen.refer(field, number) for number in read(pen, thing)]
    if field.type == "ref" and field.written == "url" and not _path(field.of[0])[0]:
        return _linked(
            _path(field.of[0])[1],
            held or (lambda thing: thing.values.get(field.name, field.default)),
        )
    if field.type in {"ref", "space"}:
        return lambda pen, thing: pen.refer(field, read(pen, thing))
    return read


def _linked(collection: str, held: Callable[[Any], Any]) -> Callable[[Serializer, Any], str | None]:
    return lambda pen, thing: (
        None if (number := held(thing)) is None else f"{pen.base}{collection}{number}/"
    )
