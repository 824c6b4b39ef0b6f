"""What people can name, read from the newest snapshots."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bridge.core import spaces
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject
from bridge.core.events import schema
from bridge.core.events.builder import bond_noun
from bridge.core.events.types import undecided
from bridge.core.model import Body
from bridge.core.objects.object_schemas import BODIES
from bridge.store.observations import snapshots

_KINDS = ("bond", "placement", "leg", "bond_condition", "aggregator", "space", "bond_tuning")


def read(connection: Connection, server: str) -> Inventory:
    """Everything of a server that can be named."""
    found: dict[str, dict[str, Body]] = {kind: {} for kind in _KINDS}
    for kind, body in snapshots.bodies_of(connection, server, _KINDS):
        found[kind][str(body.get("id"))] = body
    bonds = {
        key: bond_noun(body["id"], body, found["placement"].get(key))
        for key, body in found["bond"].items()
    }
    return Inventory(
        bonds=[_thing("bond", key, body, bonds) for key, body in bonds.items()],
        legs=[_thing("leg", key, body, bonds) for key, body in found["leg"].items()],
        spaces=_spaces(found["space"], bonds),
        tunings=[
            _thing("tuning", key, body, bonds)
            for key, body in found["bond_tuning"].items()
            if undecided(body)
        ],
        conditions=found["bond_condition"],
        aggregators={
            key: str(body.get("name") or key) for key, body in found["aggregator"].items()
        },
    )


def _thing(kind: str, key: str, body: Body, bonds: Mapping[str, Body]) -> InventoryObject:
    bond = key if kind == "bond" else body.get("bond")
    if kind == "bond":
        above = None
    else:
        above = (bonds.get(str(bond)) or {}).get("name")
    return InventoryObject(
        kind,
        key,
        str(body.get("name") or ""),
        spaces.of_bond(bonds.get(str(bond))),
        body,
        above and str(above),
    )


def _spaces(listed: Mapping[str, Body], bonds: Mapping[str, Body]) -> list[InventoryObject]:
    """Spaces by their keys; those that only a bond names are known by that."""
    blank: dict[str, Any] = schema.blank(BODIES["space"])
    known = {str(body["key"]): body for body in listed.values() if body.get("key") is not None}
    named = {
        str(each["key"]): each
        for body in bonds.values()
        if (each := body.get("space")) and each.get("key") is not None
    }
    merged = {key: {**blank, **known.get(key, named.get(key, {}))} for key in {**named, **known}}
    return [
        InventoryObject("space", key, str(body.get("name") or ""), key, body)
        for key, body in merged.items()
    ]
