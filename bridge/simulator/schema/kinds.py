"""The table of kinds: what each configured kind is made of. Validation, JSON, OPTIONS and filters
are views of it.
"""

from dataclasses import dataclass
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, Operation
from bridge.simulator.schema import kinds_bonds as bonds
from bridge.simulator.schema import kinds_nodes as nodes
from bridge.simulator.schema import kinds_server as server
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import Leg, Record, Thing


@dataclass(frozen=True, slots=True)
class Kind:
    """One configured kind.

    `parent`: what it stands under in its path ("bond", "node", "space", or nothing). `sequence`:
    what its ids are counted in, with other kinds where the vendor's ids are one. `search`: the
    fields that `?search=` looks into. `about`: the kind's name in the catalogue and in permissions.
    """

    name: str
    fields: tuple[Field, ...]
    parent: str
    sequence: str
    search: tuple[str, ...]
    about: str

    @property
    def label(self) -> str:
        """The kind for people: `connected ip`."""
        return self.name.replace("_", " ")

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)


_FIELDS: dict[str, tuple[Field, ...]] = {
    "aggregator": nodes.AGGREGATOR,
    "bonder": nodes.BONDER,
    "bond": nodes.BOND,
    "interface_leg": nodes.INTERFACE_LEG,
    "mobile_broadband_leg": nodes.MOBILE_LEG,
    "ethernet_interface": nodes.ETHERNET,
    "vlan_interface": nodes.VLAN,
    "vxlan_interface": nodes.VXLAN,
    "connected_ip": bonds.CONNECTED_IP,
    "cpe_nat_ip": bonds.CPE_NAT_IP,
    "route": bonds.ROUTE,
    "dnsmasq_service": bonds.DNSMASQ,
    "dns_cache_service": bonds.DNS_CACHE,
    "router_advertisement_service": bonds.ADVERTISEMENT,
    "dhcpv6_prefix_delegation_service": bonds.DELEGATION,
    "dhcpv6_non_temporary_address_service": bonds.NON_TEMPORARY,
    "autoipv6_addressing": bonds.AUTOIPV6,
    "dhcp_addressing": bonds.DHCP,
    "pppoe_addressing": bonds.PPPOE,
    "static_addressing": bonds.STATIC,
    "qos_profile": server.QOS_PROFILE,
    "aggregator_routing_filter": server.FILTER,
    "aggregator_routing_protocol": server.AGGREGATOR_PROTOCOL,
    "bonder_routing_filter": server.FILTER,
    "bonder_routing_protocol": server.BONDER_PROTOCOL,
    "mobile_provider_profile": server.PROVIDER_PROFILE,
    "user": server.USER,
    "group": server.GROUP,
    "ssh_key": server.SSH_KEY,
    "space": server.SPACE,
    "ip_allocation": server.ALLOCATION,
    "delegated_ip_allocation": server.DELEGATED,
    "routing_group": server.ROUTING_GROUP,
    "iso": server.ISO,
    "settings": server.SETTINGS,
}
_SEARCH = {
    "bond": ("note", "name", "version"),
    "user": ("email", "name"),
    "space": ("name", "key"),
    "connected_ip": ("ip", "note"),
    "cpe_nat_ip": ("ip", "note"),
    "route": ("network", "note"),
}
# ids that are one sequence, as far as the vendor's clients show; of interfaces and addresses it is
# our guess
_SEQUENCES = {
    "aggregator": "node",
    "bonder": "node",
    "interface_leg": "leg",
    "mobile_broadband_leg": "leg",
}


def _kind(name: str, fields: tuple[Field, ...]) -> Kind:
    row = OPERATIONS.get(f"{name}.get")
    if row:
        above = row.arguments[:-1]
    else:
        above = ()
    family = name.rpartition("_")[2]
    sequence = _SEQUENCES.get(name, family if family in {"interface", "addressing"} else name)
    about = (row.kind if row else None) or name
    return Kind(
        name,
        fields,
        above[0] if above else "",
        sequence,
        _SEARCH.get(name, ("name", "note")),
        about,
    )


KINDS: dict[str, Kind] = {name: _kind(name, fields) for name, fields in _FIELDS.items()}


def of(thing: Thing) -> Kind:
    """The row of a thing; legs have one for each of their types. KeyError for what is not
    configured.
    """
    return KINDS[f"{thing.type}_leg" if isinstance(thing, Leg) else thing.kind]


def of_operation(row: Operation) -> Kind | None:
    """The kind that an operation lists, reads or writes, where it is in this table."""
    prefix, _, verb = row.name.partition(".")
    if verb not in {"list", "create", "get", "replace", "update", "delete"}:
        if verb.startswith("bonds"):
            return KINDS.get(row.kind or "")
        return None
    return KINDS.get(prefix) or KINDS.get(row.kind or "")


def id_of(thing: Thing) -> Any:
    """A thing's number; of what has none, None."""
    return getattr(thing, "id", None)


def parents_of(thing: Thing) -> dict[str, object]:
    """What a thing stands under, by the names of its path: `{"bond": 3}`."""
    if isinstance(thing, Record):
        return thing.parents
    if isinstance(thing, Leg):
        return {"bond": thing.bond}
    return {}
