"""The shape of every kind of object in our words: what `bonding.wire` fills and what a rule can
see.

Every field is there in every object, None where the server does not say. References are ids (of
spaces: `{key, name}`), times ISO 8601 in UTC, rates bit/s and speeds Mbit/s (both assumed).
`other`: fields of a configuration object that this table has no name for, as the server writes
them, secrets digested.
"""

from collections.abc import Mapping
from typing import Any

from bridge.core import value_types
from bridge.core.value_types import Leaf, Type

LEAF = Leaf(value_types.ANY)
FREE: Mapping[str, Any] = {"*": {}}

Schema = Mapping[str, Any]

_NAMED: Mapping[str, Type] = {
    "whole": value_types.WHOLE,
    "decimal": value_types.DECIMAL,
    "flag": value_types.FLAG,
    "text": value_types.TEXT,
    "texts": value_types.TEXTS,
    "list": value_types.LIST,
    "any": value_types.ANY,
}
# fields that are no texts, by the name that they have in whatever object they stand
_WHOLE = """
    id bond leg aggregator node bonder user connected_ip interface trunk primary secondary current
    provider mtu vlan_id vni level leg_count delegation_length concurrency count failures pending
    success failure up down degraded week_count
    month_count changes objects stage depth
"""
_DECIMAL = """
    down_speed up_speed upload_rate download_rate length rate_limit size overhead_margin
    metric_collection_interval metric_reporting_interval week_duration month_duration
"""
_FLAG = "enabled active include_private_wan complete failed outdated over flapping"
_TYPES: Mapping[str, Type] = {
    **dict.fromkeys(_WHOLE.split(), value_types.WHOLE),
    **dict.fromkeys(_DECIMAL.split(), value_types.DECIMAL),
    **dict.fromkeys(_FLAG.split(), value_types.FLAG),
    "groups": value_types.LIST,
    "routing_groups": value_types.LIST,
    "permissions": value_types.TEXTS,
}


def fields(names: str, **nested: Schema) -> Schema:
    """`"id name up:flag mode:active|idle"` → a shape with these leaves, and what is nested below
    others.

    What has no type written behind it has that of its name, and else is a text; several words are
    all that it may be.
    """
    return {**dict(_leaf(each) for each in names.split()), **nested}


def _leaf(written: str) -> tuple[str, Leaf]:
    name, _, given = written.partition(":")
    if not given:
        return name, Leaf(_TYPES.get(name, value_types.TEXT))
    return name, Leaf(
        _NAMED[given] if given in _NAMED else Type("text", frozenset(given.split("|")))
    )


SPACE = fields("key name")
# how a leg or an aggregator stands, and what ends a tuning
_STANDING = "standing:up|degraded|down"
_TUNING = (
    "outcome:recommended|nothing|failed|cancelled|unknown verdict:accepted|declined created started"
    " finished"
)

# what the bridge watches closely: how lines stand, what runs, what the server says of itself
_WATCHED: Mapping[str, Schema] = {
    "leg": fields(
        f"id name bond state class:up|degraded|administrative|down|unknown {_STANDING}"
        " mode:active|idle|offline failover:flag type provider down_speed up_speed upload_rate"
        " download_rate note"
    ),
    # primary, secondary: ids of aggregators
    "bond": fields(
        "id name primary secondary circuit_id packet_distribution upload_rate download_rate note",
        space=SPACE,
    ),
    # where a bond is: ids of aggregators; `current` is where its traffic goes now
    "placement": fields("id primary secondary current"),
    # how a bond stands, from its legs: state is up, degraded, down, on_failover or unknown; the
    # others are numbers of legs
    "bond_condition": fields(
        "id state:up|degraded|down|on_failover|unknown up down degraded active:whole"
    ),
    "aggregator": fields(f"id name status {_STANDING} note", space=SPACE),
    # outdated: whether its version is another than the repository's
    "node": fields("id name status version outdated"),
    # outcome: recommended, nothing, failed, cancelled, or null while it runs; verdict: accepted,
    # declined or null
    "bond_tuning": fields(f"id bond status {_TUNING}", recommendations=FREE),
    "leg_tuning": fields(f"id bond leg status {_TUNING}", recommendations=FREE),
    # leg: null for a test of the whole bond; outcome: succeeded, failed, or null while it waits or
    # runs
    "speedtest": fields(
        "id bond leg protocol direction length rate_limit concurrency description status "
        "outcome:succeeded|failed|unknown created started finished",
        results=FREE,
    ),
    "backup": fields("name complete failed size created"),
    # whether backups come when they should: state is due, pending or overdue
    "backup_schedule": fields(
        "state:due|pending|overdue|unknown newest newest_at due_at overdue_at"
    ),
    # state: clear, failing or stuck, since when; statuses: how many records have each
    "config_updates": fields(
        "count failures pending state:clear|failing|stuck since", statuses=FREE
    ),
    # its state is clear or failing
    "failover_checks": fields("success failure state:clear|failing"),
    # stage: the number of days before its end that it has come to: 30, 14, 7, 1, 0, or null
    "certificate": fields("subject issuer not_before not_after fingerprint source stage"),
    "downtime_report": fields(
        "week_start week_end week_duration week_count month_start month_end month_duration"
        " month_count"
    ),
    "bonding_version": fields("version"),
    "repository": fields("version"),
    "versions": fields("", versions=FREE),
    "iso": fields("name size created"),
    # failover: whether aggregator failover works: on, maintenance or suspended
    "settings": fields("failover:on|maintenance|suspended", other=FREE),
}

_OF_BOND = "id bond enabled note"
_SERVICE = "id bond connected_ip enabled"
_ADDRESSING = "id bond leg enabled"

# everything else that a person configures
_CONFIGURED: Mapping[str, Schema] = {
    "bonder": fields(
        "id name username note serial_number asset_tag metric_collection_interval"
        " metric_reporting_interval",
        space=SPACE,
    ),
    "ethernet_interface": fields("id node name mode mtu mac note"),
    "vlan_interface": fields("id node name trunk vlan_id mtu note"),
    "vxlan_interface": fields("id node name vni mtu note"),
    "qos_profile": fields("id name overhead_margin", space=SPACE),
    "connected_ip": fields(f"{_OF_BOND} ip interface include_private_wan agg_routing"),
    "cpe_nat_ip": fields(f"{_OF_BOND} ip dest_nat_ip dest_nat_netmask"),
    "route": fields(f"{_OF_BOND} network gateway interface include_private_wan"),
    "dnsmasq_service": fields(f"{_SERVICE} mode range_start range_end lease_time domain"),
    "dns_cache_service": fields(_SERVICE),
    "router_advertisement_service": fields(_SERVICE),
    "dhcpv6_prefix_delegation_service": fields(
        f"{_SERVICE} pool delegation_length excluded_prefix"
    ),
    "dhcpv6_non_temporary_address_service": fields(f"{_SERVICE} pool"),
    "autoipv6_addressing": fields(_ADDRESSING),
    "dhcp_addressing": fields(_ADDRESSING),
    "pppoe_addressing": fields(f"{_ADDRESSING} username service_name"),
    "static_addressing": fields(f"{_ADDRESSING} ip gateway"),
    "aggregator_routing_filter": fields("id name", space=SPACE),
    "aggregator_routing_protocol": fields("id name type enabled aggregator", space=SPACE),
    "bonder_routing_filter": fields("id name", space=SPACE),
    "bonder_routing_protocol": fields("id name type enabled bonder include_private_wan"),
    "mobile_provider_profile": fields("id name apn username leg_count", space=SPACE),
    "user": fields("id email name active groups", space=SPACE),
    "group": fields("id name permissions"),
    "space": fields("id key name parent level crm_id"),
    "ip_allocation": fields("id network routing_groups", space=SPACE),
    "delegated_ip_allocation": fields("id network", space=SPACE),
    "ssh_key": fields("id name user"),
}

CONFIGURED = frozenset(_CONFIGURED)

BODIES: Mapping[str, Schema] = {
    **_WATCHED,
    **{kind: {**shape, "other": FREE} for kind, shape in _CONFIGURED.items()},
}
