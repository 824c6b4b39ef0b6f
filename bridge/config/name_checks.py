"""Names in the settings that must mean something: scopes, kinds and their fields, operations,
channels.
"""

import re
from collections.abc import Collection
from ipaddress import ip_network

from pydantic import ValidationInfo

from bridge.bonding import scopes
from bridge.bonding.catalogue import ALIASES, KINDS, OPERATIONS, Danger, did_you_mean, one
from bridge.core.objects.object_schemas import BODIES
from bridge.core.rules.parser import nearest

_WRITING = frozenset(
    {
        *(name for name, row in OPERATIONS.items() if row.writes),
        *(name for name, alias in ALIASES.items() if alias.sample.writes),
    }
)
_OTHER = "other."


def scopes_like(pattern: str) -> str:
    """A glob that some scope can be called like. Raises ValueError, with the nearest, for any
    other.
    """
    if scopes.possible(pattern):
        return pattern
    shapes = {re.sub(r"\{\w+\}", "*", name): each.timing for name, each in scopes.FAMILIES.items()}
    of_timing = [name for name, timing in shapes.items() if timing == pattern]
    mend = nearest(pattern, shapes) or "such as legs, bonds/*/routes, nodes/*"
    if of_timing:
        mend = f"the scopes of that timing are {', '.join(of_timing)}"
    msg = f"no scope can be called like {pattern!r}: {mend}"
    raise ValueError(msg)


def channel_that_is(name: str | None, info: ValidationInfo) -> str | None:
    """A channel of these settings. Raises ValueError, with the nearest, for any other."""
    channels = info.data.get("channels")
    if (
        name is None or channels is None or name in channels
    ):  # without channels: those were wrong, and `reading` looks
        return name
    raise ValueError(no_channel(name, channels))


def no_channel(name: str, channels: Collection[str]) -> str:
    """That none of these is called so, with the nearest."""
    return f"there is no channel {name!r}" + _asked(
        nearest(name, channels) or f"there are {', '.join(channels) or 'none'}"
    )


def allowed(name: str) -> str:
    """What `allow` may name: `configure`, or an operation that writes. Raises ValueError for
    anything else.
    """
    if name == Danger.CONFIGURE or name in _WRITING:
        return name
    if name == Danger.ADMINISTER:
        msg = "what administers is allowed one by one: name each operation, such as user.create"
    elif name == Danger.OPERATE:
        msg = "what operates is allowed already: leave it out"
    elif name == Danger.READ or name in OPERATIONS or name in ALIASES:
        msg = (
            f"{name} only reads: a rule calls what writes, and nothing need be allowed for reading"
        )
    else:
        known = (Danger.CONFIGURE.value, *sorted(_WRITING))
        mend = did_you_mean(name, known) or "write `configure` or names of `bondbridge call --list`"
        msg = f"{name!r} is nothing that can be allowed: {mend}"
    raise ValueError(msg)


def ignored(kind: str, field: str) -> str:
    """Why ignoring this field of this kind would do nothing, with the nearest that would; nothing
    if it would.
    """
    if kind not in KINDS:
        return f"no kind of object is called {kind!r}" + _asked(nearest(kind, KINDS))
    shape = BODIES[kind]
    if (
        "other" in shape
        and field.startswith(_OTHER)
        and re.fullmatch(r"[^.*?\[\]]+", field.removeprefix(_OTHER))
    ):
        return ""
    if field == "other" and "other" in shape:
        return "the fields below `other` are ignored one by one: other.NAME"
    if field in shape and field != "other":
        return ""
    if "other" in shape and field.isidentifier():
        hint = f"what it has no name for is ignored as other.{field}"
    else:
        hint = ""
    return f"{one(kind)} has no field {field!r}" + _asked(nearest(field, shape) or hint)


def network(value: object) -> object:
    """A network as it is written. Raises ValueError, with the network that is meant, for the
    address of a host in one.
    """
    try:
        meant = ip_network(str(value), strict=False)
    except ValueError:
        return value  # its shape is checked next
    try:
        ip_network(str(value))
    except ValueError:
        msg = f"{value} has host bits set: write {meant}"
        raise ValueError(msg) from None
    return value


def _asked(question: str) -> str:
    if question:
        return f": {question}"
    return ""
