"""Which of the vendor's fields says what: our field → how it is read, and the names it may have, the likeliest first.

Evidenced names stand first and are used as they are; the others are guesses, since the vendor publishes no list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import values
from bridge.core.bodies import BODIES, CONFIGURED
from bridge.core.model import Json


@dataclass(frozen=True, slots=True)
class Field:
    """How one of our fields is read, from the first of `names` that says something."""

    read: Callable[[Json], Json]
    names: tuple[str, ...]


def _as(read: Callable[[Json], Json], names: str) -> Field:
    return Field(read, tuple(names.split()))


# what means the same wherever it stands
_ANYWHERE: Mapping[str, Field] = {
    "id": _as(values.reference, "id"),
    "name": _as(values.text, "name title label display_name filename"),
    "note": _as(values.text, "note notes description comment"),
    "space": _as(values.space, "space space_key home_space"),
    "bond": _as(values.reference, "bond_id bond url_bond"),
    "bonder": _as(values.reference, "bonder bonder_id"),
    "aggregator": _as(values.reference, "aggregator aggregator_id"),
    "node": _as(values.reference, "node node_id bonder aggregator"),
    "leg": _as(values.reference, "leg leg_id"),
    "user": _as(values.reference, "user user_id owner"),
    "connected_ip": _as(values.reference, "connected_ip connected_ip_id"),
    "interface": _as(values.reference, "interface interface_id"),
    "trunk": _as(values.reference, "trunk trunk_interface interface parent_interface base_interface"),
    "primary": _as(values.reference, "aggregator primary_aggregator"),
    "secondary": _as(values.reference, "secondary_aggregator"),
    "provider": _as(
        values.reference, "mobile_provider_profile provider_profile mobile_broadband_provider mobile_provider provider profile"
    ),
    "enabled": _as(values.flag, "enabled is_enabled"),
    "active": _as(values.flag, "active is_active"),
    "failover": _as(values.flag, "failover is_failover"),
    "include_private_wan": _as(values.flag, "include_private_wan"),
    "mode": _as(values.text, "mode interface_mode"),
    "type": _as(values.text, "type protocol_type protocol"),
    "status": _as(values.text, "status state"),
    "version": _as(values.text, "version"),
    "username": _as(values.text, "username user_name"),
    "email": _as(values.text, "email email_address"),
    "key": _as(values.text, "key"),
    "crm_id": _as(values.text, "crm_id"),
    "circuit_id": _as(values.text, "circuit_id"),
    "packet_distribution": _as(values.text, "packet_distribution"),
    "serial_number": _as(values.text, "serial_number"),
    "asset_tag": _as(values.text, "asset_tag"),
    "mac": _as(values.text, "mac mac_address"),
    "ip": _as(values.text, "ip ip_address address"),
    "gateway": _as(values.text, "gateway"),
    "network": _as(values.text, "network cidr subnet"),
    "dest_nat_ip": _as(values.text, "dest_nat_ip destination_ip dest_ip private_ip"),
    "dest_nat_netmask": _as(values.text, "dest_nat_netmask destination_netmask dest_netmask netmask"),
    "agg_routing": _as(values.text, "agg_routing aggregator_routing"),
    "range_start": _as(values.text, "range_start dhcp_range_start start_ip"),
    "range_end": _as(values.text, "range_end dhcp_range_end end_ip"),
    "lease_time": _as(values.text, "lease_time dhcp_lease_time"),
    "domain": _as(values.text, "domain domain_name"),
    "pool": _as(values.text, "pool prefix"),
    "excluded_prefix": _as(values.text, "excluded_prefix exclude_prefix"),
    "service_name": _as(values.text, "service_name"),
    "apn": _as(values.text, "apn"),
    "protocol": _as(values.text, "protocol"),
    "direction": _as(values.text, "direction"),
    "description": _as(values.text, "description note"),
    "mtu": _as(values.whole, "mtu"),
    "vlan_id": _as(values.whole, "vlan_id vlan vid tag"),
    "vni": _as(values.whole, "vni vxlan_id"),
    "level": _as(values.whole, "level"),
    "leg_count": _as(values.whole, "leg_count"),
    "delegation_length": _as(values.whole, "delegation_length delegated_length prefix_length"),
    "metric_collection_interval": _as(values.number, "metric_collection_interval"),
    "metric_reporting_interval": _as(values.number, "metric_reporting_interval"),
    "overhead_margin": _as(values.number, "overhead_margin"),
    "down_speed": _as(values.number, "down_speed download_speed"),
    "up_speed": _as(values.number, "up_speed upload_speed"),
    "upload_rate": _as(values.number, "upload_rate"),
    "download_rate": _as(values.number, "download_rate"),
    "length": _as(values.number, "length duration"),
    "rate_limit": _as(values.number, "rate_limit"),
    "concurrency": _as(values.whole, "concurrency connections"),
    "size": _as(values.number, "size bytes file_size"),
    "count": _as(values.whole, "count total"),
    "failures": _as(values.whole, "failures failure_count"),
    "groups": _as(values.references, "groups group"),
    "routing_groups": _as(values.references, "routing_groups routing_group"),
    "permissions": _as(values.codes, "permissions"),
    "recommendations": _as(values.advice, "recommendations recommended recommendation"),
    "results": _as(values.free, "results result"),
    "statuses": _as(values.numbers, "status statuses by_status"),
    "created": _as(values.moment, "created created_at submitted date time timestamp"),
    "started": _as(values.moment, "started started_at start start_time"),
    "finished": _as(values.moment, "finished finished_at completed ended end end_time"),
}

# where it means something else, or is called otherwise
_PARTICULAR: Mapping[tuple[str, str], Field] = {
    ("leg", "state"): _as(values.text, "overall_state state"),
    ("leg", "mode"): _as(values.text, "link_mode"),
    ("leg", "name"): _as(values.text, "name"),
    ("leg", "note"): _as(values.text, "note"),
    ("bond", "note"): _as(values.text, "note"),
    ("space", "parent"): _as(values.space_key, "parent"),
    ("user", "space"): _as(values.space, "home_space space space_key"),
    ("user", "name"): _as(values.text, "name full_name display_name"),
    ("dnsmasq_service", "mode"): _as(values.text, "mode dhcp_mode"),
    ("ethernet_interface", "name"): _as(values.text, "name ifname interface_name interface"),
    ("vlan_interface", "name"): _as(values.text, "name ifname interface_name"),
    ("vxlan_interface", "name"): _as(values.text, "name ifname interface_name"),
    ("ssh_key", "name"): _as(values.text, "name title comment description"),
    ("repository", "version"): _as(values.text, "version name"),
    ("backup", "name"): _as(values.text, "name filename file"),
    ("iso", "name"): _as(values.text, "name filename file"),
}

# what no single field says: filled in by `objects`, or elsewhere in the bridge
_DERIVED = frozenset({"class", "standing", "state", "outcome", "verdict", "complete", "other"})


def _fields(kind: str) -> Mapping[str, Field]:
    found = {name: _PARTICULAR.get((kind, name)) or _ANYWHERE.get(name) for name in BODIES[kind]}
    return {name: each for name, each in found.items() if each and (name not in _DERIVED or (kind, name) in _PARTICULAR)}


_WITHOUT = frozenset({"settings", "versions", "certificate", "downtime_report", "failover_checks"})
FIELDS: Mapping[str, Mapping[str, Field]] = {kind: {} if kind in _WITHOUT else _fields(kind) for kind in KINDS}

# without these fields of ours something would go unseen: where the server does not have them, that is worth a word
_VITAL = {
    "leg": "bond state mode failover type down_speed up_speed",
    "bond": "name space primary secondary circuit_id packet_distribution upload_rate download_rate",
    "aggregator": "name status space",
    "node": "name status version",
    "bond_tuning": "status recommendations created started finished",
    "leg_tuning": "status recommendations created started finished",
    "speedtest": "protocol direction length status created results",
    "backup": "created size",
    "config_updates": "count failures statuses",
}
# named in every configured object that has them at all: the rest of a configured object is carried in `other`
_TELLING = frozenset({"name", "enabled", "interface", "ip", "network", "space", "connected_ip", "leg", "key", "email"})
VITAL: Mapping[str, frozenset[str]] = {
    kind: frozenset(_VITAL[kind].split())
    if kind in _VITAL
    else _TELLING & FIELDS[kind].keys()
    if kind in CONFIGURED
    else frozenset()
    for kind in KINDS
}

# what belongs to configuration and changes by itself: never compared, so not carried in `other`
PASSING = frozenset({
    "upload_rate", "download_rate", "uptime", "last_seen", "last_login", "last_contact", "last_connected",
    "related_object_counts", "status", "state", "active", "progress",
})  # fmt: skip

# fields of the vendor's that are known and say nothing a rule would ask for
KNOWN: Mapping[str, frozenset[str]] = {
    "leg": values.words("interface bonder_state aggregator_state tunnel_port created leg_list modem"),
    "bond": values.words(
        "bonder leg_list hostname product administrative_profile created proof_of_concept tunnel_subnet cpenatips compression"
        " qos_profile clamp_tcp tunnel_security encryption_cipher encryption_handshake_interval automatic_ping_timing"
        " automatic_source_ip leg_mtu_detection_time current_aggregator password username"
    ),
    "aggregator": values.words(
        "ip ipv6 key version routing_group serial_number asset_tag failover_monitoring openvpn_ip openvpn_ipv6 openvpn_server"
        " debug metric_collection_interval metric_reporting_interval cpu_governor tcp_congestion_control_algorithm"
    ),
    "node": values.words(
        "ip ipv6 key note space type routing_group serial_number asset_tag openvpn_ip openvpn_ipv6 openvpn_server debug"
        " metric_collection_interval metric_reporting_interval cpu_governor tcp_congestion_control_algorithm"
    ),
    "bond_tuning": frozenset({"success", "accepted", "leg"}),
    "leg_tuning": frozenset({"success", "accepted"}),
    "speedtest": values.words("progress_results success aggregator configuration versions"),
    "backup": frozenset({"status", "complete"}),
}
