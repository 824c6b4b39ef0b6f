"""The table, first part: nodes, bonds, their legs and interfaces. Columns as in `field_builders`;
which are guessed: `guessed_names`.
"""

from bridge.simulator.schema import computed_fields as out
from bridge.simulator.schema.field_builders import (
    address,
    choice,
    flag,
    number,
    ref,
    secret,
    shown,
    space,
    text,
    whole,
    worked_out,
)
from bridge.simulator.schema.field_types import Field

_MEDIA = "ethernet_interface vlan_interface"
_IMMUTABLE = "The name of an Ethernet interface cannot be changed."
TRUNK_MODE = "The interface mode can only be changed on the Ethernet interface."

# what bonders and aggregators have in common
NODE: tuple[Field, ...] = (
    text("serial_number"),
    text("asset_tag"),
    whole("metric_collection_interval", 10, least=1, most=3600),
    whole("metric_reporting_interval", 60, least=1, most=3600),
    choice("cpu_governor", "ondemand performance powersave"),
    choice("tcp_congestion_control_algorithm", "cubic bbr reno"),
    flag("debug", default=False),
)
AGGREGATOR: tuple[Field, ...] = (
    text(
        "name",
        required=True,
        unique="space",
        attribute="name",
        taken="Name must be unique in its space.",
    ),
    space(attribute="space"),
    address("ip", "ip", required=True, version=4, attribute="ip"),
    address("ipv6", "ip", version=6),
    secret("key", read_only=True, attribute="key"),
    shown("status", attribute="status"),
    shown("version", default=out.VERSION),
    text("note", attribute="note"),
    ref("routing_group", "routing_group", written="nested", default=1),
    flag("failover_monitoring", default=True),
    *NODE,
)
BONDER: tuple[Field, ...] = (
    text(
        "name",
        required=True,
        unique="space",
        attribute="name",
        taken="Name must be unique in its space.",
    ),
    space(attribute="space", read_only=True),
    secret("key", read_only=True, attribute="bonder_key"),
    worked_out("status", out.bonder_status),
    shown("version", default=out.VERSION),
    text("username"),
    secret("password"),
    text("note"),
    *NODE,
)
BOND: tuple[Field, ...] = (
    text("name", unique="space", attribute="name", taken="Name must be unique in its space."),
    worked_out("hostname", out.hostname),
    space(attribute="space"),
    Field(name="bonder", type="bonder", read_only=True, attribute="bonder"),
    ref("aggregator", "aggregator", required=True, attribute="primary"),
    ref("secondary_aggregator", "aggregator", attribute="secondary"),
    text("circuit_id", attribute="circuit_id"),
    text("note", attribute="note", most=2000),
    text("product"),
    choice("packet_distribution", "idmpq weighted round_robin", attribute="packet_distribution"),
    flag("proof_of_concept", default=False),
    worked_out("tunnel_subnet", out.tunnel_subnet),
    shown("created", "time", attribute="created"),
    ref("qos_profile", "qos_profile", default=1),
    flag("compression", default=False),
    flag("clamp_tcp", default=True),
    choice("tunnel_security", "none hmac encryption", default="encryption"),
    choice("encryption_cipher", "aes-128-cbc aes-256-cbc"),
    whole("encryption_handshake_interval", 3600, least=60),
    flag("automatic_ping_timing", default=True),
    flag("automatic_source_ip", default=True),
    whole("leg_mtu_detection_time", 24, least=0),
)
_LEG_BEGIN: tuple[Field, ...] = (
    worked_out("bond_id", out.bond_id, "int"),
    shown("type", attribute="type"),
    shown("overall_state", attribute="state"),
    choice("link_mode", "active idle offline", attribute="link_mode"),
    flag("failover", default=False, attribute="failover"),
    text("note", attribute="note"),
    number("down_speed", 10.0, least=0, most=1_000_000, attribute="down_speed"),
    number("up_speed", 10.0, least=0, most=1_000_000, attribute="up_speed"),
)
INTERFACE_LEG: tuple[Field, ...] = (*_LEG_BEGIN, ref("interface", _MEDIA, required=True))
MOBILE_LEG: tuple[Field, ...] = (
    *_LEG_BEGIN,
    ref("mobile_provider_profile", "mobile_provider_profile", required=True),
)
_MTU = whole("mtu", least=68, most=9216)
ETHERNET: tuple[Field, ...] = (
    text(
        "name",
        required=True,
        unique="parent",
        most=15,
        fixed=_IMMUTABLE,
        taken="Name must be unique on its node.",
    ),
    choice("mode", "auto 10half 10full 100half 100full 1000full"),
    _MTU,
    address("mac", "mac"),
    text("note"),
)
VLAN: tuple[Field, ...] = (
    ref("trunk", "ethernet_interface", required=True),
    whole("vlan_id", required=True, least=1, most=4094),
    worked_out("name", out.vlan_name),
    worked_out("mode", out.vlan_mode, fixed=TRUNK_MODE),
    _MTU,
    text("note"),
)
VXLAN: tuple[Field, ...] = (
    text("name", required=True, unique="parent", most=15, taken="Name must be unique on its node."),
    whole("vni", required=True, least=1, most=(1 << 24) - 1),
    _MTU,
    text("note"),
)
