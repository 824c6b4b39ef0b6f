"""Short ways to write a field of the table: `text("name", required=True)`."""

from collections.abc import Callable
from typing import Any

from bridge.simulator.schema.field_types import Field


def text(name: str, default: str = "", **more: Any) -> Field:
    """Text, at most 255 characters where `most` says nothing else; one that is required is not
    blank.
    """
    return Field(name=name, default=default, blank=not more.get("required"), **more)


def secret(name: str, **more: Any) -> Field:
    """Text that nobody but its owner should see; it is shown unless it is `write_only`."""
    return Field(name=name, default="", secret=True, **more)


def flag(name: str, default: bool, **more: Any) -> Field:  # noqa: FBT001
    """True or false."""
    return Field(name=name, type="bool", default=default, **more)


def whole(name: str, default: int | None = None, **more: Any) -> Field:
    """A whole number; without a default it may be null, unless it is required."""
    return Field(
        name=name,
        type="int",
        default=default,
        null=default is None and not more.get("required"),
        **more,
    )


def number(name: str, default: float | None = None, **more: Any) -> Field:
    """A number, whole or not."""
    return Field(
        name=name,
        type="number",
        default=default,
        null=default is None and not more.get("required"),
        **more,
    )


def choice(name: str, choices: str, default: str | None = None, **more: Any) -> Field:
    """One of some words: `choice("mode", "auto 100full")`; the first is the default, unless it is
    required.
    """
    words = tuple(choices.split())
    if more.get("required") or more.get("many"):
        first = None
    else:
        first = words[0]
    return Field(name=name, type="choice", choices=words, default=default or first, **more)


def address(name: str, kind: str, default: str | None = None, **more: Any) -> Field:
    """`kind` is ip, ip_prefix, network or mac; without a default it may be null, unless it is
    required.
    """
    return Field(
        name=name,
        type=kind,
        default=default,
        null=default is None and not more.get("required"),
        **more,
    )


def ref(name: str, of: str, **more: Any) -> Field:
    """A reference to an object of one of some kinds: `ref("interface", "ethernet_interface
    vlan_interface")`.
    """
    null = not more.get("required") and not more.get("many")
    return Field(name=name, type="ref", of=tuple(of.split()), null=null, **more)


def space(name: str = "space", **more: Any) -> Field:
    """The space an object is in, nested on reading; unless it is said, the home space of who
    creates the object.
    """
    return Field(name=name, type="space", written="nested", **more)


def shown(name: str, type: str = "string", default: Any = None, **more: Any) -> Field:  # noqa: A002
    """A field that clients can only read, kept in the thing's attribute or values."""
    return Field(name=name, type=type, default=default, read_only=True, **more)


def worked_out(name: str, how: Callable[..., Any], type: str = "string", **more: Any) -> Field:  # noqa: A002
    """A field that nobody keeps: it is worked out from the world whenever it is read."""
    return Field(name=name, type=type, worked_out=how, read_only=True, **more)
