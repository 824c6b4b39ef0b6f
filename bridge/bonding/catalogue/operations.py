"""The rows: every operation of the vendor's v4 URI table, by its name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bridge.bonding.catalogue.operation import Danger, Operation
from bridge.core.model import Repeat

_CONFIGURE = Danger.CONFIGURE
_ADMINISTER = Danger.ADMINISTER


def _read(
    name: str, path: str, kind: str | None = None, *, paged: bool = False, note: str = ""
) -> Operation:
    return Operation(name, "GET", path, kind, paged=paged, note=note)


def _operate(
    name: str,
    path: str,
    note: str = "",
    proof: str | None = None,
    *,
    kind: str | None = None,
    takes: bool = False,
) -> Operation:
    return Operation(
        name,
        "POST",
        path,
        kind,
        repeat=Repeat.ONCE,
        danger=Danger.OPERATE,
        note=note,
        proof=proof,
        takes=takes,
    )


def _kind(
    name: str,
    path: str,
    argument: str,
    can: str = "list create get replace update delete",
    *,
    danger: Danger = _CONFIGURE,
    note: str = "",
    noted: str = "create replace update delete",
    kind: str | None = None,
) -> Iterator[Operation]:
    """The usual operations on a list and on its objects; `note` is that of those `noted`.

    A deleted object's address says so, so deleting has a proof.
    """
    single = f"{path}{{{argument}}}/"
    able = can.split()
    kind = kind or name
    rows = {
        "list": _read(f"{name}.list", path, kind, paged=True),
        "create": Operation(
            f"{name}.create",
            "POST",
            path,
            kind,
            takes=True,
            repeat=Repeat.ONCE,
            danger=danger,
            note=note,
            proof="created",
        ),
        "get": _read(f"{name}.get", single, kind),
        "replace": Operation(
            f"{name}.replace",
            "PUT",
            single,
            kind,
            takes=True,
            repeat=Repeat.SAFE,
            danger=danger,
            note=note,
            proof="updated",
        ),
        "update": Operation(
            f"{name}.update",
            "PATCH",
            single,
            kind,
            takes=True,
            repeat=Repeat.SAFE,
            danger=danger,
            note=note,
            proof="updated",
        ),
        "delete": Operation(
            f"{name}.delete",
            "DELETE",
            single,
            kind,
            repeat=Repeat.ONCE,
            danger=_ADMINISTER,
            note=note,
            proof="deleted",
        ),
    }
    yield from (
        rows[each] if each in noted.split() else replace(rows[each], note="") for each in able
    )


_UNDECIDED = (
    "only if the tuning finished successfully, with recommendations that are neither accepted nor"
    " declined"
)


def _tunings(name: str, path: str, kind: str) -> Iterator[Operation]:
    one = f"{path}{{tuning}}/"
    yield _read(f"{name}.list", path, kind, paged=True)
    # Looking for "my" new tuning among others cannot be certain, so starting one has no proof.
    yield _operate(f"{name}.start", path, "creates the tuning and starts it", kind=kind, takes=True)
    yield _read(f"{name}.get", one, kind)
    yield _operate(
        f"{name}.cancel", f"{one}cancel/", "only while not finished", "tuning_cancelled", kind=kind
    )
    yield _operate(f"{name}.accept", f"{one}accept/", _UNDECIDED, "tuning_accepted", kind=kind)
    yield _operate(f"{name}.decline", f"{one}decline/", _UNDECIDED, "tuning_declined", kind=kind)


def _legs(name: str) -> Iterator[Operation]:
    path = f"/bonds/{{bond}}/{name}s/"
    yield from _kind(
        name,
        path,
        "leg",
        note="refused while a tuning of the bond or the leg runs",
        noted="replace update delete",
        kind="leg",
    )
    yield _operate(f"{name}.detect_mtus", f"{path}{{leg}}/detect_mtus/", kind="leg")
    yield _read(f"{name}.state_history", f"{path}{{leg}}/state_history/")
    yield from _tunings(f"{name}_tuning", f"{path}{{leg}}/tuners/", "leg_tuning")


_TRUNK = (
    "needs an Ethernet interface as its trunk; the interface mode can only be changed on the"
    " Ethernet interface"
)


def _interfaces(prefix: str, path: str) -> Iterator[Operation]:
    for medium, note in (("ethernet", ""), ("vlan", _TRUNK), ("vxlan", "")):
        kind = f"{medium}_interface"
        yield from _kind(prefix + kind, f"{path}{kind}s/", "interface", note=note, kind=kind)


def _routing(side: str) -> Iterator[Operation]:
    for what in ("filter", "protocol"):
        yield from _kind(f"{side}_routing_{what}", f"/dynamic_routing/{side}/{what}s/", what)


_SERVICES = (
    "dnsmasq_service",
    "dns_cache_service",
    "router_advertisement_service",
    "dhcpv6_prefix_delegation_service",
    "dhcpv6_non_temporary_address_service",
)
_ADDRESSINGS = ("autoipv6_addressing", "dhcp_addressing", "pppoe_addressing", "static_addressing")
_STATISTICS = (
    "users",
    "bonds",
    "qos_profiles",
    "speed_tests",
    "aggregators",
    "connected_ips",
    "routes",
    "cpe_nat_ips",
    "legs",
    "bonders",
)


def _rows() -> Iterator[Operation]:
    yield _read("core.list", "/")
    yield from _node_rows()
    yield from _bond_rows()
    yield from _shared_rows()
    yield from _people_rows()
    yield from _space_rows()
    yield from _system_rows()
    yield replace(
        _read("self.get", "/self/", note="private to the vendor's own pages"), private=True
    )


def _node_rows() -> Iterator[Operation]:
    yield _read("node.list", "/nodes/", "node", paged=True)
    yield _read("node.get", "/nodes/{node}/", "node")
    yield from _kind("aggregator", "/aggregators/", "aggregator")
    for role in ("bonds", "bonds_secondary", "bonds_current"):
        yield _read(
            f"aggregator.{role}", f"/aggregators/{{aggregator}}/{role}/", "bond", paged=True
        )
    yield from _kind("bonder", "/bonders/", "bonder", "list get replace update")
    yield from _interfaces("bonder_", "/bonders/{bonder}/")
    yield from _interfaces("", "/nodes/{node}/")


def _bond_rows() -> Iterator[Operation]:
    yield from _kind("qos_profile", "/qos/", "profile", "list get replace update delete")
    yield _read("qos_profile.bonds", "/qos/{profile}/bonds/", "bond", paged=True)
    yield from _kind(
        "bond",
        "/bonds/",
        "bond",
        note="refused while a tuning of the bond or one of its legs runs",
        noted="replace update delete",
    )
    yield _read("bond.downtime_prevented", "/bonds/{bond}/downtime_prevented/")
    # A restart leaves no trace that the API shows, so it has no proof: an unknown outcome asks a
    # person.
    yield _operate("bond.restart", "/bonds/{bond}/restart/", kind="bond")
    yield _operate(
        "bond.detect_leg_mtus",
        "/bonds/{bond}/detect_leg_mtus/",
        "all legs in active mode",
        kind="bond",
    )
    yield _operate(
        "bond.restore_to_primary_agg",
        "/bonds/{bond}/restore_to_primary_agg/",
        "refused with 400 while the primary aggregator is still failed",
        "bond_at_primary",
        kind="bond",
    )
    yield from _legs("interface_leg")
    yield from _legs("mobile_broadband_leg")
    for kind in ("connected_ip", "cpe_nat_ip", "route"):
        yield from _kind(kind, f"/bonds/{{bond}}/{kind}s/", kind)
    yield _read("speedtest.list", "/bonds/{bond}/speedtests/", "speedtest", paged=True)
    yield _operate(
        "speedtest.start",
        "/bonds/{bond}/speedtests/",
        "tests of one bond run one after the other",
        kind="speedtest",
        takes=True,
    )
    yield _read("speedtest.get", "/bonds/{bond}/speedtests/{speedtest}/", "speedtest")
    yield from _tunings("bond_tuning", "/bonds/{bond}/tuners/", "bond_tuning")
    for kind in _SERVICES:
        yield from _kind(kind, f"/bonds/{{bond}}/{kind}s/", "service")
    for kind in _ADDRESSINGS:
        yield from _kind(kind, f"/bonds/{{bond}}/{kind}s/", "addressing")


def _shared_rows() -> Iterator[Operation]:
    yield from _routing("aggregator")
    yield from _routing("bonder")
    yield _read("space.flat", "/flat/spaces/", paged=True)
    yield _read("leg.list", "/legs/", "leg", paged=True)
    yield _read("leg.get", "/legs/{leg}/", "leg")
    yield from _kind(
        "mobile_provider_profile",
        "/mobile_provider_profiles/",
        "profile",
        note="deleted only if leg_count is 0",
        noted="delete",
    )


def _people_rows() -> Iterator[Operation]:
    yield from _kind("user", "/users/", "user", danger=_ADMINISTER)
    yield from _kind("group", "/groups/", "group", danger=_ADMINISTER)
    yield _read("permission.list", "/permissions/")
    yield from _kind(
        "ssh_key",
        "/ssh_keys/",
        "key",
        "list create get delete",
        danger=_ADMINISTER,
        note="cannot be updated",
    )


def _space_rows() -> Iterator[Operation]:
    yield from _kind(
        "space",
        "/spaces/",
        "space",
        note="a space cannot be moved to another parent",
        noted="replace update",
    )
    yield _read("space.statistics", "/spaces/{space}/statistics/")
    for what in _STATISTICS:
        yield _read(f"space.statistics.{what}", f"/spaces/{{space}}/statistics/{what}/")
    for kind in ("ip_allocation", "delegated_ip_allocation"):
        yield from _kind(kind, f"/spaces/{{space}}/{kind}s/", "allocation")


def _system_rows() -> Iterator[Operation]:
    yield _read("system.list", "/system/")
    yield _read("system.status", "/system/status/")
    yield _read("config_updates.get", "/system/status/configupdates/", "config_updates")
    yield _read("downtime_report.get", "/system/status/downtime_prevented/", "downtime_report")
    yield _read("bonding_version.get", "/system/status/bondingversion/", "bonding_version")
    yield _read("repository.list", "/system/status/repositories/", "repository")
    yield _read("certificate.get", "/system/status/tlsinfo/", "certificate")
    yield _read("failover_checks.get", "/system/status/aggfailover/", "failover_checks")
    yield _read("backup.list", "/system/status/backups/", "backup")
    yield replace(_read("backup.latest", "/system/status/backups/latest-backup/"), zipped=True)
    yield _read("system.tasks", "/system/tasks/")
    yield _operate(
        "system.createisos", "/system/tasks/createisos/", "a response means queued, not done"
    )
    yield _read("versions.get", "/system/versions/", "versions")
    yield _read("system.timezones", "/system/timezones/")
    yield _read("system.apns", "/system/mobile_broadband_provider_apns/", paged=True)
    yield _read("iso.list", "/system/isos/", "iso")
    yield _read("settings.get", "/settings/", "settings")
    for verb, method in (("replace", "PUT"), ("update", "PATCH")):
        yield Operation(
            f"settings.{verb}",
            method,
            "/settings/",
            "settings",
            takes=True,
            repeat=Repeat.SAFE,
            danger=_ADMINISTER,
            proof="updated",
        )


OPERATIONS: dict[str, Operation] = {row.name: row for row in _rows()}


def _literal() -> Iterator[Operation]:
    """The table read to the letter: it swaps the methods of the list of interface legs and of one
    interface leg.
    """
    swapped = {"replace", "update", "delete"}
    for row in OPERATIONS.values():
        kind, _, verb = row.name.partition(".")
        if kind == "interface_leg" and verb == "create":
            continue
        if kind == "interface_leg" and verb in swapped:
            yield replace(row, path=OPERATIONS["interface_leg.list"].path)
        else:
            yield row


# as OPERATIONS, where the vendor's table is read to the letter; for the simulator's literal mode
# only
LITERAL: dict[str, Operation] = {row.name: row for row in _literal()}


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for what exists once per type of leg: which operation it is depends on the leg, and so
    does the bond.
    """

    name: str
    suffix: str
    arguments: tuple[str, ...]

    def operation(self, leg_type: str) -> Operation:
        """`"mobile_broadband"` → the row for such a leg. KeyError for a type nobody knows."""
        return OPERATIONS[f"{_LEG_KINDS[leg_type]}{self.suffix}"]

    @property
    def sample(self) -> Operation:
        """One of the rows it may be; all of them agree in method, danger, repeat and note."""
        return self.operation("interface")


_LEG_KINDS = {
    "interface": "interface_leg",
    "mobile_broadband": "mobile_broadband_leg",
    "mobilebroadband": "mobile_broadband_leg",
}

ALIASES: dict[str, Alias] = {
    f"leg{suffix}": Alias(
        f"leg{suffix}", suffix, tuple(name for name in row.arguments if name != "bond")
    )
    for suffix, row in (
        (name.removeprefix("interface_leg"), row)
        for name, row in OPERATIONS.items()
        if name.startswith("interface_leg") and "leg" in row.arguments
    )
    if f"leg{suffix}" not in OPERATIONS
}

# What people look for and the API has no operation for, and why.
IMPOSSIBLE = {
    "node.create": (
        "nodes are not created directly: a bonder comes with its bond, an aggregator with"
        " aggregator.create"
    ),
    "bonder.create": "a bonder is created automatically with its bond: use bond.create",
    "bonder.delete": "a bonder is deleted automatically with its bond: use bond.delete",
    "qos_profile.create": "QoS profiles are created on the server's own pages",
    "speedtest.delete": "speed tests cannot be deleted",
    "speedtest.create": "a speed test begins when it is created: use speedtest.start",
    "bond_tuning.create": "a tuning begins when it is created: use bond_tuning.start",
    "leg.create": "a leg is created as interface_leg.create or mobile_broadband_leg.create",
    "ssh_key.update": "SSH keys cannot be changed: delete the key and create another",
    "backup.create": (
        "the API lists backups and sends the latest one; the server makes them by its own schedule"
    ),
}
