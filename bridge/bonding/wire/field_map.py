"""Which of the vendor's fields says what: our field → how it is read, and the names it may have,
the likeliest first.

Evidenced names stand first and are used as they are; the others are guesses, since the vendor
publishes no list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import parsers
from bridge.core.model import Json
from bridge.core.objects.object_schemas import BODIES, CONFIGURED


@dataclass(frozen=True, slots=True)
class Field:
    """How one of our fields is read, from the first of `names` that says something."""

    read: Callable[[Json], Json]
    names: tuple[str, ...]


def _as(read: Callable[[Json], Json], names: str) -> Field:
    return Field(read, tuple(names.split()))


# what means the same wherever it stands
_ANYWHERE: Mapping[str, Field] = {
    "id": _as(parsers.reference, "id"),
    "name": _as(parsers.text, "name title label display_name filename"),
    "note": _as(parsers.text, "note notes description comment"),
    "space": _as(parsers.space, "space space_key home_space"),
    "bond": _as(parsers.reference, "bond_id bond url_bond"),
    "bonder": _as(parsers.reference, "bonder bonder_id"),
    "aggregator": _as(parsers.reference, "aggregator aggregator_id"),
    "node": _as(parsers.reference, "node node_id bonder aggregator"),
    "leg": _as(parsers.reference, "leg leg_id"),
    "user": _as(parsers.reference, "user user_id owner"),
    "connected_ip": _as(parsers.reference, "connected_ip connected_ip_id"),
    "interface": _as(parsers.reference, "interface interface_id"),
    "trunk": _as(
        parsers.reference, "trunk trunk_interface interface parent_interface base_interface"
    ),
    "primary": _as(parsers.reference, "aggregator primary_aggregator"),
    "secondary": _as(parsers.reference, "secondary_aggregator"),
    "provider": _as(
        parsers.reference,
        "mobile_provider_profile provider_profile mobile_broadband_provider mobile_provider"
        " provider profile",
    ),
    "enabled": _as(parsers.flag, "enabled is_enabled"),
    "active": _as(parsers.flag, "active is_active"),
    "failover": _as(parsers.flag, "failover is_failover"),
    "include_private_wan": _as(parsers.flag, "include_private_wan"),
    "mode": _as(parsers.text, "mode interface_mode"),
    "type": _as(parsers.text, "type protocol_type protocol"),
    "status": _as(parsers.text, "status state"),
    "version": _as(parsers.text, "version"),
    "username": _as(parsers.text, "username user_name"),
    "email": _as(parsers.text, "email email_address"),
    "key": _as(parsers.text, "key"),
    "crm_id": _as(parsers.text, "crm_id"),
    "circuit_id": _as(parsers.text, "circuit_id"),
    "packet_distribution": _as(parsers.text, "packet_distribution"),
    "serial_number": _as(parsers.text, "serial_number"),
    "asset_tag": _as(parsers.text, "asset_tag"),
    "mac": _as(parsers.text, "mac mac_address"),
    "ip": _as(parsers.text, "ip ip_address address"),
    "gateway": _as(parsers.text, "gateway"),
    "network": _as(parsers.text, "network cidr subnet"),
    "dest_nat_ip": _as(parsers.text, "dest_nat_ip destination_ip dest_ip private_ip"),
    "dest_nat_netmask": _as(
        parsers.text, "dest_nat_netmask destination_netmask dest_netmask netmask"
    ),
    "agg_routing": _as(parsers.text, "agg_routing aggregator_routing"),
    "range_start": _as(parsers.text, "range_start dhcp_range_start start_ip"),
    "range_end": _as(parsers.text, "range_end dhcp_range_end end_ip"),
    "lease_time": _as(parsers.text, "lease_time dhcp_lease_time"),
    "domain": _as(parsers.text, "domain domain_name"),
    "pool": _as(parsers.text, "pool prefix"),
    "excluded_prefix": _as(parsers.text, "excluded_prefix exclude_prefix"),
    "service_name": _as(parsers.text, "service_name"),
    "apn": _as(parsers.text, "apn"),
    "protocol": _as(parsers.text, "protocol"),
    "direction": _as(parsers.text, "direction"),
    "description": _as(parsers.text, "description note"),
    "mtu": _as(parsers.whole, "mtu"),
    "vlan_id": _as(parsers.whole, "vlan_id vlan vid tag"),
    "vni": _as(parsers.whole, "vni vxlan_id"),
    "level": _as(parsers.whole, "level"),
    "leg_count": _as(parsers.whole, "leg_count"),
    "delegation_length": _as(parsers.whole, "delegation_length delegated_length prefix_length"),
    "metric_collection_interval": _as(parsers.number, "metric_collection_interval"),
    "metric_reporting_interval": _as(parsers.number, "metric_reporting_interval"),
    "overhead_margin": _as(parsers.number, "overhead_margin"),
    "down_speed": _as(parsers.number, "down_speed download_speed"),
    "up_speed": _as(parsers.number, "up_speed upload_speed"),
    "upload_rate": _as(parsers.number, "upload_rate"),
    "download_rate": _as(parsers.number, "download_rate"),
    "length": _as(parsers.number, "length duration"),
    "rate_limit": _as(parsers.number, "rate_limit"),
    "concurrency": _as(parsers.whole, "concurrency connections"),
    "size": _as(parsers.number, "size bytes file_size"),
    "count": _as(parsers.whole, "count total"),
    "failures": _as(parsers.whole, "failures failure_count"),
    "groups": _as(parsers.references, "groups group"),
    "routing_groups": _as(parsers.references, "routing_groups routing_group"),
    "permissions": _as(parsers.codes, "permissions"),
    "recommendations": _as(parsers.advice, "recommendations recommended recommendation"),
    "results": _as(parsers.free, "results result"),
    "statuses": _as(parsers.numbers, "status statuses by_status"),
    "created": _as(parsers.moment, "created created_at submitted date time timestamp"),
    "started": _as(parsers.moment, "started started_at start start_time"),
    "finished": _as(parsers.moment, "finished finished_at completed ended end end_time"),
}

# where it means something else, or is called otherwise
_PARTICULAR: Mapping[tuple[str, str], Field] = {
    ("leg", "state"): _as(parsers.text, "overall_state state"),
    ("leg", "mode"): _as(parsers.text, "link_mode"),
    ("leg", "name"): _as(parsers.text, "name"),
    ("leg", "note"): _as(parsers.text, "note"),
    ("bond", "note"): _as(parsers.text, "note"),
    ("space", "parent"): _as(parsers.space_key, "parent"),
    ("user", "space"): _as(parsers.space, "home_space space space_key"),
    ("user", "name"): _as(parsers.text, "name full_name display_name"),
    ("dnsmasq_service", "mode"): _as(parsers.text, "mode dhcp_mode"),
    ("ethernet_interface", "name"): _as(parsers.text, "name ifname interface_name interface"),
    ("vlan_interface", "name"): _as(parsers.text, "name ifname interface_name"),
    ("vxlan_interface", "name"): _as(parsers.text, "name ifname interface_name"),
    ("ssh_key", "name"): _as(parsers.text, "name title comment description"),
    ("repository", "version"): _as(parsers.text, "version name"),
    ("backup", "name"): _as(parsers.text, "name filename file"),
    ("iso", "name"): _as(parsers.text, "name filename file"),
}

# what no single field says: filled in by `objects`, or elsewhere in the bridge
_DERIVED = frozenset({"class", "standing", "state", "outcome", "verdict", "complete", "other"})


def _fields(kind: str) -> Mapping[str, Field]:
    found = {name: _PARTICULAR.get((kind, name)) or _ANYWHERE.get(name) for name in BODIES[kind]}
    return {
        name: each
        for name, each in found.items()
        if each and (name not in _DERIVED or (kind, name) in _PARTICULAR)
    }


_WITHOUT = frozenset({"settings", "versions", "certificate", "downtime_report", "failover_checks"})
FIELDS: Mapping[str, Mapping[str, Field]] = {
    kind: {} if kind in _WITHOUT else _fields(kind) for kind in KINDS
}

# without these fields of ours something would go unseen: where the server does not have them, that
# is worth a word
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
# named in every configured object that has them at all: the rest of a configured object is carried
# in `other`
_TELLING = frozenset(
    {
        "name",
        "enabled",
        "interface",
        "ip",
        "network",
        "space",
        "connected_ip",
        "leg",
        "key",
        "email",
    }
)
VITAL: Mapping[str, frozenset[str]] = {
    kind: (
        frozenset(_VITAL[kind].split())
        if kind in _VITAL
        else _TELLING & FIELDS[kind].keys()
        if kind in CONFIGURED
        else frozenset()
    )
    for kind in KINDS
}

# what belongs to configuration and changes by itself: never compared, so not carried in `other`
PASSING = frozenset(
    {
        "upload_rate",
        "download_rate",
        "uptime",
        "last_seen",
        "last_login",
        "last_contact",
        "last_connected",
        "related_object_counts",
        "status",
        "state",
        "active",
        "progress",
    }
)

# fields of the vendor's that are known and say nothing a rule would ask for
KNOWN: Mapping[str, frozenset[str]] = {
    "leg": parsers.words(
        "interface bonder_state aggregator_state tunnel_port created leg_list modem"
    ),
    "bond": parsers.words(
        "bonder leg_list hostname product administrative_profile created proof_of_concept"
        " tunnel_subnet cpenatips compression qos_profile clamp_tcp tunnel_security"
        " encryption_cipher encryption_handshake_interval automatic_ping_timing automatic_source_ip"
        " leg_mtu_detection_time current_aggregator password username"
    ),
    "aggregator": parsers.words(
        "ip ipv6 key version routing_group serial_number asset_tag failover_monitoring openvpn_ip"
        " openvpn_ipv6 openvpn_server debug metric_collection_interval metric_reporting_interval"
        " cpu_governor tcp_congestion_control_algorithm"
    ),
    "node": parsers.words(
        "ip ipv6 key note space type routing_group serial_number asset_tag openvpn_ip openvpn_ipv6"
        " openvpn_server debug metric_collection_interval metric_reporting_interval cpu_governor"
        " tcp_congestion_control_algorithm"
    ),
    "bond_tuning": frozenset({"success", "accepted", "leg"}),
    "leg_tuning": frozenset({"success", "accepted"}),
    "speedtest": parsers.words("progress_results success aggregator configuration versions"),
    "backup": frozenset({"status", "complete"}),
}
