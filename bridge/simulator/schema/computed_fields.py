"""Fields that nobody keeps: each is worked out from the world and the thing when it is read."""

from typing import Any

from bridge.simulator.world.entities import Bond, Leg, Record, Space
from bridge.simulator.world.world import World

ADDRESSINGS = ("autoipv6_addressing", "dhcp_addressing", "pppoe_addressing", "static_addressing")
VERSION = "6.6.65"


def bond_id(_: World, thing: Record | Leg) -> int:
    """The bond it belongs to."""
    return int(thing.bond if isinstance(thing, Leg) else thing.parents["bond"])


def hostname(_: World, bond: Bond) -> str:
    """The bonder's host name: that of the space and that of the bond."""
    return f"{bond.space}-{bond.name}"


def tunnel_subnet(_: World, bond: Bond) -> str:
    """The two addresses at the ends of the tunnel."""
    return f"100.64.{bond.id // 128 % 256}.{bond.id % 128 * 2}/31"


def parent_space(_: World, thing: Record) -> str:
    """The space whose list it stands in."""
    return str(thing.parents["space"])


def level(world: World, space: Space) -> int:
    """How deep a space lies below the root, which is 0."""
    return len(world.above(space.key)) - 1


def related_object_counts(world: World, space: Space) -> dict[str, int]:
    """How many bonds are right in this space."""
    return {"bonds": sum(1 for bond in world.bonds.values() if bond.space == space.key)}


def leg_count(world: World, profile: Record) -> int:
    """How many legs use a mobile provider's profile."""
    return sum(
        1 for leg in world.legs.values() if leg.values.get("mobile_provider_profile") == profile.id
    )


def bonder_status(world: World, bonder: Record) -> str:
    """A bonder is down while none of its lines works, however its aggregator is, or while it is
    said to be away.
    """
    lines = [leg.line for leg in world.legs_of(world.bonds[bonder.parents["bond"]])]
    away = bonder.id in getattr(world, "offline_nodes", ())
    if away or (lines and "up" not in lines):
        return "down"
    return "up"


def _trunk(world: World, vlan: Record) -> Record | None:
    return world.of("ethernet_interface").get(vlan.values.get("trunk", 0))


def vlan_name(world: World, vlan: Record) -> str:
    """A VLAN's name: `eth0.17`."""
    trunk = _trunk(world, vlan)
    return f"{trunk.values['name'] if trunk else '?'}.{vlan.values.get('vlan_id')}"


def vlan_mode(world: World, vlan: Record) -> str:
    """A VLAN runs in the mode of its trunk."""
    trunk = _trunk(world, vlan)
    if trunk:
        return str(trunk.values.get("mode", "auto"))
    return "auto"


def active(world: World, addressing: Record) -> bool:
    """Of all the addresses of a leg, whatever their kinds, one is active: the enabled one with the
    lowest id.

    Source: the vendor's page on a leg's address schemes.
    """
    leg = addressing.values.get("leg")
    rivals = (
        it for kind in ADDRESSINGS for it in world.of(kind).values() if it.values.get("leg") == leg
    )
    return (
        min((it.id for it in rivals if it.values.get("enabled", True)), default=None)
        == addressing.id
    )


def space_of(world: World, thing: Any) -> str | None:
    """The key of the space that a thing is in, through whatever it belongs to; None for what is in
    no space.
    """
    if isinstance(thing, Space):
        return thing.key
    if getattr(thing, "space", None):
        return str(thing.space)
    if isinstance(thing, Record):
        return _space_of_record(world, thing)
    bond = world.bonds.get(getattr(thing, "bond", 0))
    if bond:
        return bond.space
    return None


def _space_of_record(world: World, record: Record) -> str | None:
    parents = record.parents
    values = record.values
    for place in (parents, values):
        if place.get("space"):
            return str(place["space"])
    if "bond" in parents or "bonder" in values:
        number = parents.get("bond") or world.of("bonder")[values["bonder"]].parents["bond"]
        return world.bonds[number].space
    if "node" in parents:
        return space_of(world, world.node(parents["node"]))
    if values.get("user"):
        return space_of(world, world.of("user")[values["user"]])
    return None
