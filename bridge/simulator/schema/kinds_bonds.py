"""The table, second part: what stands under a bond besides its legs. Columns as in
`field_builders`; which are guessed: `guessed_names`.
"""

from bridge.simulator.schema import computed_fields as out
from bridge.simulator.schema.field_builders import (
    address,
    choice,
    flag,
    ref,
    secret,
    text,
    whole,
    worked_out,
)
from bridge.simulator.schema.field_types import Field

_BOND = worked_out("bond_id", out.bond_id, "int")
_ENABLED = flag("enabled", default=True)
_NOTE = text("note", most=2000)
_PRIVATE_WAN = flag("include_private_wan", default=False)
_INTERFACES = "ethernet_interface vlan_interface vxlan_interface"
# as the vendor's page on DHCP has it: 100s, 10m, 12h or infinite
_LEASE = r"[0-9]{1,6}[smh]|infinite"

CONNECTED_IP: tuple[Field, ...] = (
    _BOND,
    ref("interface", _INTERFACES, required=True),
    address("ip", "ip_prefix", required=True),
    _ENABLED,
    _PRIVATE_WAN,
    choice("agg_routing", "auto always never"),
    _NOTE,
)
CPE_NAT_IP: tuple[Field, ...] = (
    _BOND,
    address("ip", "ip", required=True, version=4),
    address("dest_nat_ip", "ip", required=True, version=4),
    address("dest_nat_netmask", "ip", "255.255.255.255", version=4),
    _ENABLED,
    _NOTE,
)
ROUTE: tuple[Field, ...] = (
    _BOND,
    address("network", "network", required=True),
    address("gateway", "ip", required=True),
    ref("interface", _INTERFACES),
    _ENABLED,
    _PRIVATE_WAN,
    _NOTE,
)
_SERVICE: tuple[Field, ...] = (
    _BOND,
    ref("connected_ip", "connected_ip", required=True, gone="cascade"),
    _ENABLED,
    _NOTE,
)
DNSMASQ: tuple[Field, ...] = (
    *_SERVICE,
    choice("mode", "disabled local relay"),
    address("range_start", "ip", version=4),
    address("range_end", "ip", version=4),
    text("lease_time", "24h", pattern=_LEASE),
    text("domain"),
    address("tftp_server", "ip"),
    address("relay_server_1", "ip"),
    address("relay_server_2", "ip"),
    address("relay_server_3", "ip"),
    flag("dns_cache", default=False),
)
DNS_CACHE: tuple[Field, ...] = (*_SERVICE, whole("cache_size", 150, least=0, most=10_000))
ADVERTISEMENT: tuple[Field, ...] = (
    *_SERVICE,
    whole("lifetime", 1800, least=0, most=9000),
    flag("managed", default=False),
    flag("other_config", default=False),
)
DELEGATION: tuple[Field, ...] = (
    *_SERVICE,
    address("pool", "network", required=True, version=6),
    whole("delegation_length", required=True, least=1, most=128),
    address("excluded_prefix", "network", version=6),
    text("dns_servers"),
)
NON_TEMPORARY: tuple[Field, ...] = (
    *_SERVICE,
    address("pool", "network", required=True, version=6),
    text("dns_servers"),
)
_ADDRESSING: tuple[Field, ...] = (
    _BOND,
    ref("leg", "interface_leg", required=True, gone="cascade"),
    _ENABLED,
    worked_out("active", out.active, "bool"),
)
AUTOIPV6 = _ADDRESSING
DHCP = _ADDRESSING
PPPOE: tuple[Field, ...] = (
    *_ADDRESSING,
    text("username", required=True),
    secret("password"),
    text("service_name"),
)
STATIC: tuple[Field, ...] = (
    *_ADDRESSING,
    address("ip", "ip_prefix", required=True),
    address("gateway", "ip"),
)
