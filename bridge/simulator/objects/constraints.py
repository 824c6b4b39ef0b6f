"""What must hold between objects: one function per rule, and which kinds each is for.

Sources: the notes of the vendor's URI table, and its pages on interfaces, connected IPs, routes,
CPE NAT IPs, services, address schemes, spaces and IP allocations.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from bridge.simulator.objects.drafts import Draft, Wrong
from bridge.simulator.schema import kinds
from bridge.simulator.schema.computed_fields import ADDRESSINGS, space_of

Rule = Callable[[Draft], None]


def _aggregators(draft: Draft) -> None:
    """A bond's two aggregators differ, and are of its space or of one above it."""
    if draft.get("aggregator") is not None and draft.get("aggregator") == draft.get(
        "secondary_aggregator"
    ):
        raise Wrong(
            "secondary_aggregator", "The secondary aggregator must differ from the primary."
        )
    reach = draft.world.above(draft.space)
    for name in ("aggregator", "secondary_aggregator"):
        found = draft.world.aggregators.get(draft.get(name) or 0)
        if found is not None and found.space not in reach:
            raise Wrong(
                "space" if "space" in draft.given else name,
                f"Aggregator {found.name} is not valid in this space.",
            )


def _moving(draft: Draft) -> None:
    """A bond with enabled public addresses can move to a space below only: elsewhere they are not
    allocated.

    Source: the vendor's page on moving resources between spaces.
    """
    if draft.thing is None or draft.given.get("space") in {
        None,
        *draft.world.below(space_of(draft.world, draft.thing) or ""),
    }:
        return
    for kind, name in (("connected_ip", "ip"), ("cpe_nat_ip", "ip"), ("route", "network")):
        for record in draft.world.of(kind).values():
            mine = record.parents == {"bond": kinds.id_of(draft.thing)} and record.values.get(
                "enabled", True
            )
            if mine and ipaddress.ip_interface(record.values[name]).is_global:
                raise Wrong(
                    "space", f"The bond has {record.values[name]}, which is public and enabled."
                )


def _own_node(name: str) -> Rule:
    """An interface must be of the same node; for what stands under a bond, of the bond's bonder."""

    def check(draft: Draft) -> None:
        number = draft.get(name)
        node = draft.parents.get("node") or draft.world.bonds[draft.parents["bond"]].bonder
        if number is not None and _interface(draft, number).parents["node"] != node:
            raise Wrong(name, "The interface must be one of the same node.")

    return check


def _interface(draft: Draft, number: int) -> Any:
    kinds = ("ethernet_interface", "vlan_interface", "vxlan_interface")
    return next(draft.world.of(kind)[number] for kind in kinds if number in draft.world.of(kind))


def _vlan_id(draft: Draft) -> None:
    """A VLAN's id is used once on its trunk."""
    wanted = (draft.get("trunk"), draft.get("vlan_id"))
    if any((it.values["trunk"], it.values["vlan_id"]) == wanted for it in draft.others()):
        raise Wrong("vlan_id", "The VLAN id must be unique on its trunk.")


def _enabled_once(name: str) -> Rule:
    """The same address may be on two bonds only while at most one is enabled, and on one bond only
    once.
    """

    def check(draft: Draft) -> None:
        wanted = draft.get(name)
        for other in draft.others():
            if other.values.get(name) != wanted:
                continue
            if other.parents == draft.parents:
                raise Wrong(name, "The bond has this already.")
            if draft.get("enabled") and other.values.get("enabled", True):
                if name in draft.given:
                    blamed = name
                else:
                    blamed = "enabled"
                raise Wrong(blamed, f"{wanted} is enabled on another bond.")

    return check


def _allocated(name: str) -> Rule:
    """What is public and IPv4 must lie in an allocation of the bond's space."""

    def check(draft: Draft) -> None:
        network = ipaddress.ip_interface(draft.get(name)).network
        if (
            name in draft.given
            and network.version == 4  # noqa: PLR2004
            and network.is_global
            and not _holds(draft, draft.space, network)
        ):
            raise Wrong(name, f"{draft.get(name)} is in no IP allocation of the space.")

    return check


def _holds(draft: Draft, space: str | None, network: Any) -> bool:
    kinds = ("ip_allocation", "delegated_ip_allocation")
    owned = [
        it for kind in kinds for it in draft.world.of(kind).values() if it.parents["space"] == space
    ]
    return any(network.subnet_of(ipaddress.ip_network(it.values["network"])) for it in owned)


def _gateway(draft: Draft) -> None:
    """A route's gateway lies in the network of one of the bond's connected IPs."""
    gateway = ipaddress.ip_address(draft.get("gateway"))
    inside = (
        it.values["ip"]
        for it in draft.world.of("connected_ip").values()
        if it.parents == draft.parents
    )
    if not any(gateway in ipaddress.ip_interface(ip).network for ip in inside):
        raise Wrong(
            "gateway", "The gateway must be inside the network of one of the bond's connected IPs."
        )


def _own_connected_ip(draft: Draft) -> None:
    """A service is bound to a connected IP of its own bond."""
    if draft.world.of("connected_ip")[draft.get("connected_ip")].parents != draft.parents:
        raise Wrong("connected_ip", "The connected IP must be one of the same bond.")


def _lease(draft: Draft) -> None:
    """A lease lasts two minutes at least."""
    text = draft.get("lease_time")
    if (
        text
        and text != "infinite"
        and int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]] < 120  # noqa: PLR2004
    ):
        raise Wrong("lease_time", "The lease time must be 2 minutes or more.")


def _leg_of_bond(draft: Draft) -> None:
    """An address is for a leg of the same bond, and each kind but the static one is there once per
    leg.
    """
    leg = draft.get("leg")
    if draft.world.legs[leg].bond != draft.parents["bond"]:
        raise Wrong("leg", "The leg must be one of the same bond.")
    if draft.kind.name != "static_addressing" and any(
        it.values["leg"] == leg for it in draft.others()
    ):
        raise Wrong("leg", f"The leg has a {draft.kind.label} already.")


def _filters(draft: Draft) -> None:
    """A flow that is filtered needs to be told by which filter."""
    for flow in ("import_ipv4", "import_ipv6", "export_ipv4", "export_ipv6"):
        if draft.get(flow) == "filter" and draft.get(f"{flow}_filter") is None:
            raise Wrong(f"{flow}_filter", "This field is required.")


def _own_network(draft: Draft) -> None:
    """Allocations of the whole server do not overlap."""
    wanted = ipaddress.ip_network(draft.get("network"))
    for other in draft.others():
        if wanted.overlaps(ipaddress.ip_network(other.values["network"])):
            raise Wrong("network", f"The network overlaps {other.values['network']}.")


def _delegated(draft: Draft) -> None:
    """What is delegated to a space is part of an allocation of a space above it."""
    above = draft.world.above(draft.parents["space"])[1:]
    network = ipaddress.ip_network(draft.get("network"))
    if not any(_holds(draft, space, network) for space in above):
        raise Wrong("network", "The network must be inside an IP allocation of a parent space.")
    _own_network(draft)


def _user_moves(draft: Draft) -> None:
    """A key is for a user that the caller sees, which reading it has checked; without one it is the
    asker's own.
    """
    if draft.thing is None and draft.get("user") is None:
        draft.given["user"] = draft.asker.user.id


def _space_of_filter(draft: Draft) -> None:
    """The filters of an aggregator's protocol are of its space or of one above it."""
    reach = draft.world.above(draft.space)
    for flow in ("import_ipv4", "import_ipv6", "export_ipv4", "export_ipv6"):
        number = draft.get(f"{flow}_filter")
        found = draft.world.of("aggregator_routing_filter").get(number or 0)
        if found is not None and space_of(draft.world, found) not in reach:
            raise Wrong(f"{flow}_filter", "The filter is not valid in this space.")


_SERVICE: tuple[Rule, ...] = (_own_connected_ip,)
RULES: dict[str, tuple[Rule, ...]] = {
    "bond": (_aggregators, _moving),
    "interface_leg": (_own_node("interface"),),
    "vlan_interface": (_own_node("trunk"), _vlan_id),
    "connected_ip": (_own_node("interface"), _enabled_once("ip"), _allocated("ip")),
    "cpe_nat_ip": (_enabled_once("ip"), _allocated("ip")),
    "route": (_own_node("interface"), _gateway, _enabled_once("network"), _allocated("network")),
    "dnsmasq_service": (*_SERVICE, _lease),
    "dns_cache_service": _SERVICE,
    "router_advertisement_service": _SERVICE,
    "dhcpv6_prefix_delegation_service": _SERVICE,
    "dhcpv6_non_temporary_address_service": _SERVICE,
    "aggregator_routing_protocol": (_filters, _space_of_filter),
    "bonder_routing_protocol": (_filters,),
    "ssh_key": (_user_moves,),
    "ip_allocation": (_own_network,),
    "delegated_ip_allocation": (_delegated,),
    **dict.fromkeys(ADDRESSINGS, (_leg_of_bond,)),
}
