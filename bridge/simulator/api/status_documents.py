"""What the server says of itself: plain JSON that is no object of the table."""

from collections.abc import Callable
from typing import Any

from bridge.simulator.schema.computed_fields import VERSION
from bridge.simulator.schema.kinds_server import PERMISSIONS, TIMEZONES
from bridge.simulator.world.world import Arguments, World

# name, APN, user name, password, as a server's own list of providers has them; the names are
# invented
_APNS = (
    ("CA", "Northern Mobile", "internet.northern.example", "", ""),
    ("CA", "Prairie Wireless", "data.prairie.example", "prairie", "wireless"),
    ("US", "Coastal Cellular", "broadband.coastal.example", "", ""),
    ("GB", "Island Telecom", "web.island.example", "web", "island-web"),
)


def apns(_: World, __: Arguments) -> list[dict[str, str]]:
    """List mobile providers' access points, with their user names and passwords."""
    names = ("country", "provider", "apn", "username", "password")
    return [dict(zip(names, row, strict=True)) for row in _APNS]


def _permissions(_: World, __: Arguments) -> dict[str, str]:
    return dict(PERMISSIONS)


def _timezones(_: World, __: Arguments) -> list[str]:
    return list(TIMEZONES)


def _version(_: World, __: Arguments) -> dict[str, str]:
    return {"version": VERSION}


def _versions(_: World, __: Arguments) -> dict[str, str]:
    return {"bondingadmin": VERSION, "bonding": VERSION, "debian": "10.13"}


def _repositories(_: World, __: Arguments) -> list[dict[str, str]]:
    return [{"version": version} for version in ("6.5.90", "6.6.60", VERSION)]


def _self(world: World, _: Arguments) -> dict[str, Any]:
    return {
        "branding": {"product_name": "Bonded Internet", "primary_color": "#005a9c"},
        "spaces": len(world.spaces),
    }


DOCUMENTS: dict[str, Callable[[World, Arguments], object]] = {
    "permission.list": _permissions,
    "system.timezones": _timezones,
    "bonding_version.get": _version,
    "repository.list": _repositories,
    "versions.get": _versions,
    "self.get": _self,
}
# lists of what is right below: the operation → the path
INDEXES = {
    "core.list": "/",
    "system.list": "/system/",
    "system.status": "/system/status/",
    "system.tasks": "/system/tasks/",
    "space.statistics": "/spaces/{space}/statistics/",
}
