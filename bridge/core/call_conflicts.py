"""Calls that want opposite things of one object, and what a call touches."""

from collections.abc import Mapping

from bridge.core.model import Body, Json
from bridge.core.objects.snapshot_diff import same
from bridge.core.requests import CallRequest

_OPPOSITE = (frozenset({"accept", "decline"}), frozenset({"start", "cancel"}))
_SETTING = frozenset({"update", "replace"})
# one object under several names: legs by their type or by the alias, a bonder's interfaces also as
# a node's
_LEGS = ("interface_leg", "mobile_broadband_leg")
_INTERFACES = ("ethernet_interface", "vlan_interface", "vxlan_interface")


def opposed(one: CallRequest, other: CallRequest) -> bool:
    """Whether they want opposite things: a yes and a no, a start and a stop, or two values of one
    field.
    """
    (family, verb) = _parts(one)
    (family_too, verb_too) = _parts(other)
    if family != family_too or not _same_object(one.arguments, other.arguments):
        return False
    if {verb, verb_too} <= _SETTING:
        fields = one.body or {}
        fields_too = other.body or {}
        return any(
            not same(fields[name], fields_too[name]) for name in fields.keys() & fields_too.keys()
        )
    return frozenset({verb, verb_too}) in _OPPOSITE


def target(request: CallRequest, bond_of_leg: Mapping[int, Json]) -> str:
    """What a call touches: the bond, where it or its leg tells it: `"bond/3"`; else its last
    argument: `"profile/2"`.

    Nothing for what has no arguments.
    """
    arguments = request.arguments
    bond = arguments.get("bond")
    if bond is None and str(arguments.get("leg")).isdecimal():
        bond = bond_of_leg.get(int(arguments["leg"]))
    if bond is not None:
        return f"bond/{bond}"
    if arguments:
        return "/".join(map(str, [*arguments.items()][-1]))
    return ""


def _parts(request: CallRequest) -> tuple[str, str]:
    """`"mobile_broadband_leg_tuning.accept"` → what it is about, by one name for all:
    `("leg_tuning", "accept")`.
    """
    family, _, verb = request.operation.rpartition(".")
    for leg in _LEGS:
        if family in (leg, f"{leg}_tuning"):
            family = f"leg{family.removeprefix(leg)}"
    plain = family.removeprefix("bonder_")
    return plain if plain in _INTERFACES else family, verb


def _same_object(one: Body, other: Body) -> bool:
    """All that both name is the same, and there is something that both name: an alias leaves out
    the leg's bond.
    """
    both = one.keys() & other.keys()
    return all(str(one[name]) == str(other[name]) for name in both) and (
        bool(both) or not (one or other)
    )
