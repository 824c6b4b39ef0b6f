"""Every field name that is our guess, by the kind of object; operations that answer with plain JSON
go by their own name.

What is not here is evidenced by the vendor's pages, its scripts, or clients that work.
`rename_guessed` (a switch of the server) gives every guess another name, outward and inward, so
that a client can be tried against what is not known.
"""

from typing import Any

from bridge.bonding.catalogue import Operation
from bridge.simulator.schema import kinds

PREFIX = "x_"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SERVICE = _names("bond_id connected_ip note")
_ADDRESSING = _names("bond_id leg active")
_PROTOCOL = _names(
    "type aggregator bonder include_private_wan import_ipv4 import_ipv6 export_ipv4 export_ipv6"
    " import_ipv4_filter import_ipv6_filter export_ipv4_filter export_ipv6_filter"
)
_FILTER = _names("name space filter")
_TUNING = _names(
    "status success created started finished recommendations accepted legs leg down_speed up_speed"
    " packet_distribution"
)
_HISTORY = _names("state start end duration")
_DOWNTIME = _names("week month start end duration count")

GUESSED: dict[str, frozenset[str]] = {
    "bond": _names(
        "secondary_aggregator qos_profile compression clamp_tcp tunnel_security encryption_cipher"
        " encryption_handshake_interval automatic_ping_timing automatic_source_ip"
        " leg_mtu_detection_time"
    ),
    "leg": _names("failover note interface mobile_provider_profile download_rate upload_rate"),
    "aggregator": _names("note status version key failover_monitoring debug"),
    "bonder": _names("note status version debug space"),
    "node": _names("type note status version key debug space"),
    "ethernet_interface": _names("name mode mtu mac note"),
    "vlan_interface": _names("trunk vlan_id name mode mtu note"),
    "vxlan_interface": _names("name vni mtu note"),
    "connected_ip": _names("bond_id interface ip agg_routing note"),
    "cpe_nat_ip": _names("bond_id ip dest_nat_ip dest_nat_netmask note"),
    "route": _names("bond_id network gateway interface note"),
    "dnsmasq_service": (
        _SERVICE
        | _names("enabled mode range_start range_end lease_time domain tftp_server dns_cache")
        | _names("relay_server_1 relay_server_2 relay_server_3")
    ),
    "dns_cache_service": _SERVICE | _names("enabled cache_size"),
    "router_advertisement_service": _SERVICE | _names("enabled lifetime managed other_config"),
    "dhcpv6_prefix_delegation_service": (
        _SERVICE | _names("enabled pool delegation_length excluded_prefix dns_servers")
    ),
    "dhcpv6_non_temporary_address_service": _SERVICE | _names("enabled pool dns_servers"),
    "autoipv6_addressing": _ADDRESSING | _names("enabled"),
    "dhcp_addressing": _ADDRESSING | _names("enabled"),
    "pppoe_addressing": _ADDRESSING | _names("enabled username password service_name"),
    "static_addressing": _ADDRESSING | _names("enabled ip gateway"),
    "qos_profile": _names("classes"),
    "aggregator_routing_filter": _FILTER,
    "bonder_routing_filter": _FILTER,
    "aggregator_routing_protocol": _PROTOCOL - {"bonder", "include_private_wan"},
    "bonder_routing_protocol": _PROTOCOL - {"aggregator"},
    "mobile_provider_profile": _names("name apn username password space"),
    "user": _names("name active groups space timezone"),
    "group": _names("name permissions"),
    "ssh_key": _names("name key user"),
    "space": _names("use_parent_aggregators use_parent_qos_profiles private_wan_enabled"),
    "ip_allocation": _names("network routing_groups space note"),
    "delegated_ip_allocation": _names("network space note"),
    "iso": _names("name size created"),
    "settings": frozenset(field.name for field in kinds.KINDS["settings"].fields),
    "bond_tuning": _TUNING,
    "leg_tuning": _TUNING,
    "speedtest": _names(
        "leg aggregator protocol direction length rate_limit concurrency description status created"
        " started finished results throughput packets_per_second latency mean stddev samples"
        " send_queue packet_loss time"
    ),
    "interface_leg.state_history": _HISTORY,
    "mobile_broadband_leg.state_history": _HISTORY,
    "bond.downtime_prevented": _DOWNTIME,
    "downtime_report.get": _DOWNTIME,
    "config_updates.get": _names("pending sent complete failed"),
    "failover_checks.get": _names("success failure"),
    "certificate.get": _names(
        "certificate csr subject issuer not_before not_after serial_number fingerprint"
    ),
    "backup": _names("name size created complete"),
    "system.apns": _names("country provider apn username password"),
    "bonding_version.get": _names("version"),
    "repository.list": _names("version"),
    "versions.get": _names("bondingadmin bonding debian"),
}

# inside objects of these kinds there are only references, and their names are evidenced
_FLAT = frozenset({kind.about for kind in kinds.KINDS.values()}) | {"node"}


def guessed(row: Operation) -> frozenset[str]:
    """The guessed names of what an operation reads or takes."""
    return GUESSED.get(row.name) or GUESSED.get(row.kind or "", frozenset())


class Names:
    """The names that one server gives the fields: ours, or others for all that is guessed."""

    def __init__(self, *, renamed: bool) -> None:
        self._renamed = renamed

    def outward(self, row: Operation, body: Any) -> Any:
        """Name an answer's fields: an object's own, and at any depth of what the table does not
        know.
        """
        if self._renamed:
            return _named(body, guessed(row), deep=row.kind not in _FLAT)
        return body

    def inward(self, row: Operation, given: dict[str, Any]) -> dict[str, Any]:
        """Read a client's fields by our names; of a renamed field, only the new name is known."""
        return {own: value for name, value in given.items() if (own := self.word(row, name))}

    def word(self, row: Operation, name: str) -> str:
        """Give our name of a field; an empty one where it is not known."""
        names = guessed(row) if self._renamed else ()
        own = name.removeprefix(PREFIX)
        if own in names and own != name:
            return own
        return "" if name in names else name


def _named(body: Any, names: frozenset[str], *, deep: bool) -> Any:
    if isinstance(body, list):
        return [_named(each, names, deep=deep) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        PREFIX + name if name in names else name: _named(value, names, deep=True) if deep else value
        for name, value in body.items()
    }
