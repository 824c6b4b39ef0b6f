"""The table, third part: what the whole server shares. Columns as in `field_builders`; which are
guessed: `guessed_names`.
"""

from bridge.bonding.catalogue import OPERATIONS
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

PARENT_FIXED = "A space cannot be moved to another parent."
ABOUT = sorted({row.kind for row in OPERATIONS.values() if row.kind})
# Django's code of each permission → what it is called
PERMISSIONS = {
    f"bonding.{verb}_{kind}": f"Can {verb} {kind.replace('_', ' ')}"
    for kind in ABOUT
    for verb in ("view", "add", "change", "delete")
}
TIMEZONES = (
    "UTC",
    "America/Vancouver",
    "America/Edmonton",
    "America/Toronto",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
_NAME = text("name", required=True)
_FILTERED = "all none filter"


def _protocol(filters: str, *own: Field) -> tuple[Field, ...]:
    """Import and export, of IPv4 and IPv6, can each be filtered."""
    flows = [f"{flow}_{ip}" for flow in ("import", "export") for ip in ("ipv4", "ipv6")]
    return (
        text("name"),
        choice("type", "static ospf bgp babel", required=True),
        flag("enabled", default=True),
        *(choice(flow, _FILTERED) for flow in flows),
        *(ref(f"{flow}_filter", filters) for flow in flows),
        *own,
    )


QOS_PROFILE: tuple[Field, ...] = (
    _NAME,
    whole("overhead_margin", 5, least=0, most=100),
    space(),
    shown("classes", "json", default=()),
)
FILTER: tuple[Field, ...] = (_NAME, space(), text("filter", "accept;", most=10_000))
AGGREGATOR_PROTOCOL = _protocol(
    "aggregator_routing_filter",
    ref("aggregator", "aggregator", required=True, gone="cascade"),
    space(),
)
BONDER_PROTOCOL = _protocol(
    "bonder_routing_filter",
    ref("bonder", "bonder", required=True, gone="cascade"),
    flag("include_private_wan", default=False),
)
PROVIDER_PROFILE: tuple[Field, ...] = (
    _NAME,
    text("apn", required=True),
    text("username"),
    secret("password"),
    space(),
    worked_out("leg_count", out.leg_count, "int"),
)
USER: tuple[Field, ...] = (
    Field(
        name="email",
        type="email",
        required=True,
        unique="server",
        taken="user with this email already exists.",
    ),
    text("name"),
    secret("password", required=True, blank=False, write_only=True),
    flag("active", default=True),
    ref("groups", "group", many=True, default=(), gone="clear"),
    space(),
    choice("timezone", " ".join(TIMEZONES)),
)
GROUP: tuple[Field, ...] = (
    text("name", required=True, unique="server", taken="group with this name already exists."),
    choice("permissions", " ".join(PERMISSIONS), many=True),
)
SSH_KEY: tuple[Field, ...] = (
    _NAME,
    text("key", required=True, most=10_000, pattern=r"(ssh|ecdsa)-\S+ \S+.*"),
    ref("user", "user", gone="cascade"),
)
SPACE: tuple[Field, ...] = (
    text("name", required=True, attribute="name"),
    Field(
        name="key",
        type="key",
        required=True,
        unique="server",
        attribute="key",
        taken="Key must be unique.",
    ),
    worked_out("level", out.level, "int"),
    Field(name="parent", type="space", null=True, attribute="parent", fixed=PARENT_FIXED),
    text("crm_id"),
    worked_out("related_object_counts", out.related_object_counts, "json"),
    flag("use_parent_aggregators", default=True),
    flag("use_parent_qos_profiles", default=True),
    flag("private_wan_enabled", default=False),
)
_OF_SPACE = worked_out("space", out.parent_space, "space", written="nested")
ALLOCATION: tuple[Field, ...] = (
    address("network", "network", required=True, version=4),
    ref("routing_groups", "routing_group", many=True, default=(1,), written="nested"),
    _OF_SPACE,
    text("note"),
)
DELEGATED: tuple[Field, ...] = (
    address("network", "network", required=True, version=4),
    _OF_SPACE,
    text("note"),
)
ROUTING_GROUP: tuple[Field, ...] = (shown("display_name"),)
ISO: tuple[Field, ...] = (shown("name"), shown("size", "int"), shown("created", "time"))
SETTINGS: tuple[Field, ...] = (
    flag("aggregator_failover_maintenance_mode", default=False),
    flag("aggregator_failover_suspension", default=True),
    whole("aggregator_failover_suspension_percentage", 50, least=0, most=100),
    text("aggregator_failover_known_hosts"),
    whole("prevented_downtime_minimum_seconds", 30, least=0),
    text("email_default_from", "bonding@example.com", required=True),
    text("email_host", "localhost", required=True),
    whole("email_port", 25, least=1, most=65535),
    text("email_username"),
    secret("email_password"),
    flag("email_use_tls", default=False),
    flag("default_automatic_source_ip", default=True),
    whole("default_leg_mtu_detection_time", 24, least=0),
    number("default_leg_down_speed", 10.0, least=0),
    number("default_leg_up_speed", 10.0, least=0),
)
