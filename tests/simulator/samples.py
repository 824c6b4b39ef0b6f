"""For each kind of object that can be written: where, a good body, a change, and something that
cannot be.

The ids are those of the usual world: bond 1 has the bonder 4, and its interfaces are 1, 2, 12
(lan0), 13 (a VLAN), 14.
"""

from dataclasses import dataclass, field
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, ROOT

_SPACE = {"space": "acme"}
_BOND = {"bond": 1}
_IP = f"{ROOT}/bonds/1/connected_ips"
_ETHERNET = f"{ROOT}/bonders/4/ethernet_interfaces"
_LAN = f"{_ETHERNET}/12/"
_SERVICE = {"connected_ip": f"{_IP}/2/"}
_SIX = {"connected_ip": f"{_IP}/3/"}
_LEG = {"leg": f"{ROOT}/bonds/1/interface_legs/2/"}


@dataclass(frozen=True)
class Sample:
    """One kind under test, by the prefix of its operations: `bad` is a field and what it cannot
    be.
    """

    prefix: str
    change: dict[str, Any]
    bad: tuple[str, Any]
    body: dict[str, Any] = field(default_factory=dict)
    under: dict[str, Any] = field(default_factory=dict)

    def path(self, verb: str, number: object = 1) -> str:
        """Give the path of an operation on this kind."""
        row = OPERATIONS[f"{self.prefix}.{verb}"]
        names = dict.fromkeys(row.arguments, number) | self.under
        return ROOT + row.path.format(**names)

    def has(self, verb: str) -> bool:
        """Whether the kind has such an operation."""
        return f"{self.prefix}.{verb}" in OPERATIONS


def _interfaces(prefix: str, under: dict[str, Any]) -> tuple[Sample, ...]:
    trunk = f"{ROOT}/{'bonders' if prefix else 'nodes'}/4/ethernet_interfaces/12/"
    return (
        Sample(
            f"{prefix}ethernet_interface",
            {"mode": "1000full"},
            ("mtu", "wide"),
            {"name": "eth7"},
            under,
        ),
        Sample(
            f"{prefix}vlan_interface",
            {"note": "guests"},
            ("vlan_id", 4095),
            {"trunk": trunk, "vlan_id": 20},
            under,
        ),
        Sample(
            f"{prefix}vxlan_interface",
            {"mtu": 1450},
            ("vni", "x"),
            {"name": "vx7", "vni": 7},
            under,
        ),
    )


_AGGREGATOR = f"{ROOT}/aggregators/1/"
_PROTOCOL = {"import_ipv4": "none"}
_PROFILE = f"{ROOT}/mobile_provider_profiles/1/"
_KEY = "ssh-rsa AAAAB3NzaC1yc2E someone@example.com"

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "aggregator",
        {"note": "new"},
        ("ip", "10.0.0.256"),
        {"name": "lisbon-1", "ip": "198.51.100.99"},
    ),
    *_interfaces("bonder_", {"bonder": 4}),
    *_interfaces("", {"node": 4}),
    Sample("bond", {"note": "new"}, ("aggregator", 1), {"aggregator": _AGGREGATOR}),
    Sample(
        "interface_leg", {"link_mode": "idle"}, ("link_mode", "foo"), {"interface": _LAN}, _BOND
    ),
    Sample(
        "mobile_broadband_leg",
        {"failover": True},
        ("up_speed", -1),
        {"mobile_provider_profile": _PROFILE},
        {"bond": 6},
    ),
    Sample(
        "connected_ip",
        {"enabled": False},
        ("ip", "10.0.0.1/33"),
        {"interface": _LAN, "ip": "10.0.0.1/24"},
        _BOND,
    ),
    Sample(
        "cpe_nat_ip",
        {"enabled": False},
        ("ip", "::1"),
        {"ip": "203.0.113.10", "dest_nat_ip": "192.168.1.3"},
        _BOND,
    ),
    Sample(
        "route",
        {"enabled": False},
        ("network", "10.0.0.1/8"),
        {"network": "10.9.0.0/16", "gateway": "192.168.1.7"},
        _BOND,
    ),
    Sample("dnsmasq_service", {"mode": "relay"}, ("lease_time", "60s"), _SERVICE, _BOND),
    Sample("dns_cache_service", {"cache_size": 500}, ("cache_size", "big"), _SERVICE, _BOND),
    Sample("router_advertisement_service", {"managed": True}, ("enabled", "perhaps"), _SIX, _BOND),
    Sample(
        "dhcpv6_prefix_delegation_service",
        {"delegation_length": 60},
        ("delegation_length", 129),
        {**_SIX, "pool": "2001:db8:200::/48", "delegation_length": 56},
        _BOND,
    ),
    Sample(
        "dhcpv6_non_temporary_address_service",
        {"note": "new"},
        ("pool", "10.0.0.0/8"),
        {**_SIX, "pool": "2001:db8:1::/64"},
        _BOND,
    ),
    Sample(
        "autoipv6_addressing",
        {"enabled": False},
        ("leg", f"{ROOT}/bonds/6/mobile_broadband_legs/12/"),
        _LEG,
        _BOND,
    ),
    Sample("dhcp_addressing", {"enabled": False}, ("leg", 2), _LEG, _BOND),
    Sample(
        "pppoe_addressing",
        {"service_name": "fibre"},
        ("username", ""),
        {**_LEG, "username": "me"},
        _BOND,
    ),
    Sample(
        "static_addressing",
        {"gateway": "10.1.0.1"},
        ("gateway", "there"),
        {**_LEG, "ip": "10.1.0.2/24"},
        _BOND,
    ),
    Sample("aggregator_routing_filter", {"filter": "reject;"}, ("name", ""), {"name": "some"}),
    Sample(
        "aggregator_routing_protocol",
        _PROTOCOL,
        ("type", "rip"),
        {"type": "static", "aggregator": _AGGREGATOR},
    ),
    Sample("bonder_routing_filter", {"filter": "reject;"}, ("space", "acme"), {"name": "some"}),
    Sample(
        "bonder_routing_protocol",
        _PROTOCOL,
        ("bonder", 4),
        {"type": "static", "bonder": f"{ROOT}/bonders/4/"},
    ),
    Sample(
        "mobile_provider_profile",
        {"apn": "b.example"},
        ("apn", ""),
        {"name": "new", "apn": "a.example"},
    ),
    Sample(
        "user",
        {"name": "New"},
        ("email", "nobody"),
        {"email": "new@example.com", "password": "new"},
    ),
    Sample(
        "group",
        {"permissions": ["bonding.view_leg"]},
        ("permissions", ["fly"]),
        {"name": "New", "permissions": []},
    ),
    Sample("ssh_key", {}, ("key", "no key"), {"name": "new", "key": _KEY}),
    Sample("space", {"crm_id": "7"}, ("key", "a b"), {"name": "New", "key": "new"}),
    Sample(
        "ip_allocation",
        {"note": "new"},
        ("network", "10.0.0.1/8"),
        {"network": "198.51.100.0/24"},
        _SPACE,
    ),
    Sample(
        "delegated_ip_allocation",
        {"note": "new"},
        ("network", "10.0.0.0/8"),
        {"network": "203.0.113.64/26"},
        _SPACE,
    ),
    Sample("bonder", {"note": "new"}, ("metric_reporting_interval", 0)),
    Sample("qos_profile", {"overhead_margin": 7}, ("overhead_margin", 101)),
    Sample("settings", {"email_port": 587}, ("email_port", "smtp")),
)
