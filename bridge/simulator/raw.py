"""The vendor-shaped JSON of each object, made here and nowhere else, and never from the bridge's own types.

Where the vendor's field names are not public, these are the likeliest ones; see the project's API notes. A bond has no
field for its current aggregator: clients must ask the aggregators' `bonds_current/`.
"""

import itertools
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator import speedtests
from bridge.simulator.moments import stamp
from bridge.simulator.things import Aggregator, Backup, Bond, Leg, Space, SpeedTest, Thing, Tuning
from bridge.simulator.world import World

Raw = dict[str, Any]
_MEGABIT = 1_000_000


class Pen:
    """Writes a world's objects as the vendor would, with absolute addresses below `host` (`http://127.0.0.1:8180`)."""

    _reads = itertools.count()  # rates differ at every read, of whatever world

    def __init__(self, world: World, host: str) -> None:
        self._world = world
        self._base = host + ROOT

    def write(self, thing: Thing) -> Raw:
        """Give the JSON of one object."""
        return _WRITERS[type(thing)](self, thing)

    def index(self) -> Raw:
        """Give the list of core resources: name → address, of every collection right below the root."""
        paths = [row.path for row in OPERATIONS.values() if row.method == "GET" and row.path.strip("/").isalpha()]
        return {path.strip("/"): self._base + path for path in paths}

    def url(self, *parts: object) -> str:
        """Give the absolute address of an object or list: `url("bonds", 3)`."""
        return "/".join((self._base, *map(str, parts), ""))

    def space(self, space: Space) -> Raw:
        """Write a space; `key`, not `id`, is its address."""
        inside = sum(1 for bond in self._world.bonds.values() if bond.space == space.key)
        return {
            "id": space.id,
            "url": self.url("spaces", space.key),
            "name": space.name,
            "key": space.key,
            "level": 0 if space.parent is None else 1,
            "parent": None if space.parent is None else self.url("spaces", space.parent),
            "crm_id": "",
            "related_object_counts": {"bonds": inside},
        }

    def aggregator(self, it: Aggregator) -> Raw:
        """Write an aggregator, with the secret `key` that every node has."""
        return {
            "id": it.id,
            "url": self.url("aggregators", it.id),
            "name": it.name,
            "space": self._space_in_short("root"),
            "ip": it.ip,
            "ipv6": None,
            "key": it.key,
            "status": it.status,
            "version": "6.6.65",
            "note": it.note,
            "routing_group": {"display_name": "Default group"},
            "serial_number": "",
            "asset_tag": "",
            "failover_monitoring": True,
        }

    def bond(self, it: Bond) -> Raw:
        """Write a bond; its rates are the sum over its legs."""
        rates = [self._rates(leg) for leg in self._world.legs_of(it)]
        return {
            "id": it.id,
            "url": self.url("bonds", it.id),
            "name": it.name,
            "hostname": f"{it.space}-{it.name}",
            "space": self._space_in_short(it.space),
            "bonder": {
                "id": it.bonder,
                "name": it.name,
                "key": it.bonder_key,
                "url": self.url("bonders", it.bonder),
            },
            "aggregator": self.url("aggregators", it.primary),
            "secondary_aggregator": None if it.secondary is None else self.url("aggregators", it.secondary),
            "circuit_id": it.circuit_id,
            "note": it.note,
            "product": "",
            "packet_distribution": it.packet_distribution,
            "proof_of_concept": False,
            "tunnel_subnet": f"100.64.{it.id // 128 % 256}.{it.id % 128 * 2}/31",
            "created": stamp(it.created),
            "download_rate": sum(down for down, _ in rates),
            "upload_rate": sum(up for _, up in rates),
        }

    def leg(self, it: Leg) -> Raw:
        """Write a leg; its `url` is that of its own type, as the vendor's generic leg gives it."""
        down, up = self._rates(it)
        return {
            "id": it.id,
            "url": self.url("bonds", it.bond, f"{it.type}_legs", it.id),
            "bond_id": it.bond,
            "type": it.type,
            "overall_state": it.state,
            "link_mode": it.link_mode,
            "failover": it.failover,
            "note": it.note,
            "down_speed": it.down_speed,
            "up_speed": it.up_speed,
            "download_rate": down,
            "upload_rate": up,
        }

    def tuning(self, it: Tuning) -> Raw:
        """Write a tuning of a bond or of a leg; `recommendations` is null until it has finished."""
        leg = None if it.leg is None else self._world.legs.get(it.leg)
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

    def backup(self, it: Backup) -> Raw:
        """Write a backup; it has no address of its own."""
        return {"name": it.name, "size": it.size, "created": stamp(it.created), "complete": it.complete}

    def speedtest(self, it: SpeedTest) -> Raw:
        """Write a speed test."""
        return speedtests.written(self._world, self.url, it)

    def _space_in_short(self, key: str) -> Raw:
        return {"name": self._world.spaces[key].name, "key": key, "url": self.url("spaces", key)}

    def _rates(self, leg: Leg) -> tuple[int, int]:
        if leg.state != "up":
            return 0, 0
        # a checksum is chance enough for this, and much cheaper than dice when there are thousands of legs
        chance = zlib.crc32(f"{self._world.seed}:{leg.id}:{next(self._reads)}".encode())
        down, up = chance % 1000, chance // 1000 % 1000
        return int(leg.down_speed * down) * _MEGABIT // 1000, int(leg.up_speed * up) * _MEGABIT // 1000


def _stamped(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


_WRITERS: dict[type[Thing], Callable[[Pen, Any], Raw]] = {
    Space: Pen.space,
    Aggregator: Pen.aggregator,
    Bond: Pen.bond,
    Leg: Pen.leg,
    Tuning: Pen.tuning,
    SpeedTest: Pen.speedtest,
    Backup: Pen.backup,
}
