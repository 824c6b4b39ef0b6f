"""What a new world has besides its bonds: an interface for every leg, what the server shares, one
bond with everything.
"""

from typing import Any

from bridge.simulator.objects.factories import next_id
from bridge.simulator.schema import accounts
from bridge.simulator.schema.kinds_server import PERMISSIONS
from bridge.simulator.world.entities import Bond, Record
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import World

_PPPOE_SECRET = "pppoe-office"  # noqa: S105 - the world is invented
_CLASSES = (("real-time", 40), ("interactive", 20), ("routine", 20), ("bulk", 20))
_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExamp"
    " operator@example.com"
)
# what a legs' administrator may do, as the vendor's page on default groups has it
_LEG_ADMIN = tuple(
    code
    for code in PERMISSIONS
    if code.endswith(("change_leg", "add_leg_tuning", "add_bond_tuning"))
)


def lines(world: World) -> None:
    """Give every interface leg its Ethernet interface, every mobile leg its provider's profile; one
    leg is mobile at least.
    """
    mobile = [leg for leg in world.legs.values() if leg.type != "interface"]
    if not mobile and len(world.legs) > 1:
        last = max(world.legs.values(), key=lambda leg: leg.id)
        last.type = "mobile_broadband"
        last.note = "lte"
        mobile = [last]
    profile = _add(
        world,
        "mobile_provider_profile",
        name="Northern Mobile",
        apn="internet.northern.example",
        space="root",
    )
    for leg in mobile:
        leg.values["mobile_provider_profile"] = profile.id
    taken: dict[int, int] = {}
    number = 0
    for leg in world.legs.values():
        if leg.type == "interface":
            node = world.bonds[leg.bond].bonder
            number = number + 1
            name = f"eth{taken.setdefault(node, 0)}"
            taken[node] += 1
            world.of("ethernet_interface")[number] = Record(
                "ethernet_interface", number, {"node": node}, {"name": name}
            )
            leg.values["interface"] = number


def server(world: World) -> None:
    """Give the server its settings, groups, people, profiles, filters, allocations and ISOs."""
    _add(world, "settings")
    _add(world, "routing_group", display_name="Default group")
    classes = [
        {"name": name, "percentage": share, "default": name == "routine"}
        for name, share in _CLASSES
    ]
    _add(world, "qos_profile", name="Default", space="root", classes=classes)
    spare = {"name": "Spare", "apn": "spare.example", "username": "spare", "password": "sim-card"}
    _add(world, "mobile_provider_profile", **spare, space="root")
    home = next((key for key in world.spaces if key != "root"), "root")
    _people(world, home)
    _add(world, "ip_allocation", {"space": "root"}, network="203.0.113.0/24", routing_groups=[1])
    _add(world, "delegated_ip_allocation", {"space": home}, network="203.0.113.0/26")
    if home != "root":
        _add(world, "ip_allocation", {"space": home}, network="192.0.2.0/25", routing_groups=[1])
    for side in ("aggregator", "bonder"):
        _add(world, f"{side}_routing_filter", name="Accept all", space="root", filter="accept;")
    _add(
        world,
        "aggregator_routing_protocol",
        name="Upstream",
        type="bgp",
        aggregator=min(world.aggregators),
        space="root",
    )
    for flavour in ("bonder", "aggregator"):
        name = f"{flavour}-6.6.65-amd64.iso"
        size = world.dice("iso", name).randint(300_000_000, 400_000_000)
        _add(world, "iso", name=name, size=size, created=stamp(world.epoch))


def _people(world: World, home: str) -> None:
    """Put in the groups, and an operator of one space with a key."""
    accounts.group(world, accounts.ADMINISTRATOR, list(PERMISSIONS))
    view = accounts.group(world, accounts.VIEW, [code for code in PERMISSIONS if ".view_" in code])
    legs = accounts.group(world, "Leg admin", _LEG_ADMIN)
    email = f"operator@{home}.example.com"
    login = {
        "email": email,
        "password": f"{home}-operator",
        "space": home,
        "groups": [view.id, legs.id],
    }
    user = _add(world, "user", **login, name="Operator")
    _add(world, "ssh_key", name="operator", key=_KEY, user=user.id)


def bond(world: World, bond: Bond) -> None:
    """Give a bond one of everything that can stand under a bond, and its aggregator an
    interface.
    """
    here = {"bond": bond.id}
    node = {"node": bond.bonder}
    lan = _add(world, "ethernet_interface", node, name="lan0")
    _add(world, "vlan_interface", node, trunk=lan.id, vlan_id=17)
    _add(world, "vxlan_interface", node, name="vx0", vni=4711)
    _add(world, "ethernet_interface", {"node": bond.primary}, name="eth0")
    private = _add(
        world, "connected_ip", here, interface=lan.id, ip="192.168.1.1/24", note="office"
    )
    _add(world, "connected_ip", here, interface=lan.id, ip="203.0.113.1/29", note="public")
    six = _add(world, "connected_ip", here, interface=lan.id, ip="2001:db8:1::1/64")
    _add(world, "route", here, network="192.168.50.0/24", gateway="192.168.1.2")
    _add(world, "cpe_nat_ip", here, ip="203.0.113.9", dest_nat_ip="192.168.1.9")
    _add(
        world,
        "dnsmasq_service",
        here,
        connected_ip=private.id,
        mode="local",
        range_start="192.168.1.100",
    )
    _add(world, "dns_cache_service", here, connected_ip=private.id)
    _add(world, "router_advertisement_service", here, connected_ip=six.id)
    pool = "2001:db8:100::/48"
    _add(
        world,
        "dhcpv6_prefix_delegation_service",
        here,
        connected_ip=six.id,
        pool=pool,
        delegation_length=56,
    )
    _add(
        world,
        "dhcpv6_non_temporary_address_service",
        here,
        connected_ip=six.id,
        pool="2001:db8:1::/64",
    )
    _add(world, "bonder_routing_protocol", name="Office", type="ospf", bonder=bond.bonder)
    leg = next(leg.id for leg in world.legs_of(bond) if leg.type == "interface")
    _add(world, "dhcp_addressing", here, leg=leg)
    _add(
        world,
        "static_addressing",
        here,
        leg=leg,
        ip="198.51.100.130/25",
        gateway="198.51.100.129",
        enabled=False,
    )
    _add(
        world,
        "pppoe_addressing",
        here,
        leg=leg,
        username="office",
        enabled=False,
        password=_PPPOE_SECRET,
    )
    _add(world, "autoipv6_addressing", here, leg=leg, enabled=False)


def _add(
    world: World, kind: str, parents: dict[str, Any] | None = None, /, **values: Any
) -> Record:
    sequence = (
        "interface"
        if kind.endswith("_interface")
        else "addressing"
        if kind.endswith("_addressing")
        else kind
    )
    made = Record(kind, next_id(world, sequence), parents or {}, values)
    world.of(kind)[made.id] = made
    return made
