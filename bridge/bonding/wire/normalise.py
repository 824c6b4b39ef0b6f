"""One object of the vendor's in our words: its table of fields, then what only several fields
together say.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.bonding.catalogue import KINDS, one
from bridge.bonding.wire import parsers, server_status
from bridge.bonding.wire.certificates import from_document
from bridge.bonding.wire.field_map import FIELDS, PASSING, Field
from bridge.bonding.wire.secret_digests import digested
from bridge.core.json_safety import LONGEST_ID, bounded
from bridge.core.model import Body, Json, Seen
from bridge.core.objects.link_state import class_of
from bridge.core.objects.object_schemas import BODIES, CONFIGURED
from bridge.errors import Garbled

Raw = Mapping[str, Any]

_ADDRESS = re.compile(r"/bonds/(\d+)/(interface|mobile_broadband)_legs/")


def normalise(kind: str, raw: Json, key: bytes, **parents: Json) -> Seen:
    """One object of the vendor's, in our words. `key` makes the digests of its secrets. Raises
    Garbled.

    `parents` are the objects whose list it stands in, such as `bond=3` or `space="acme"`: they fill
    fields that the object does not say itself.
    """
    row = KINDS[kind]
    raw = _object(kind, raw)
    identifier = _identifier(kind, raw)
    if identifier is None:
        msg = f"{one(kind)} without {row.by or 'anything to read'!r}: {_shape(raw)}"
        raise Garbled(msg)
    safe = digested(raw, row.secret, key)
    body = {
        name: field.read(parsers.first(safe, field.names)) for name, field in FIELDS[kind].items()
    }
    body |= _TOGETHER[kind](safe, body) if kind in _TOGETHER else {}
    if "name" in BODIES[kind]:
        body["name"] = body.get("name") or f"{kind.replace('_', ' ')} {identifier}"
    if kind in CONFIGURED:
        body["other"] = _other(safe, FIELDS[kind])
    _fill(body, parents)
    return Seen(
        kind, bounded(identifier, LONGEST_ID), {name: body.get(name) for name in BODIES[kind]}, safe
    )


def _object(kind: str, raw: Json) -> Json:
    """What stands in a list as a mere word is an object with that name; settings may be a list of
    names and values.
    """
    by = KINDS[kind].by
    if isinstance(raw, str) and by not in ("id", "key") and kind in FIELDS:
        if by or kind == "bonding_version":
            return {by or "version": raw}
        return raw
    if isinstance(raw, list) and kind in ("settings", "versions"):
        named = [
            each
            for each in raw
            if isinstance(each, dict) and each.get("name", each.get("key")) is not None
        ]
        return {
            str(each.get("name", each.get("key"))): parsers.first(each, ("value", "version"))
            for each in named
        } or raw
    if isinstance(raw, list) and kind in ("certificate", "failover_checks"):
        return {"items": raw}
    return raw


def _identifier(kind: str, raw: Json) -> str | None:
    by = KINDS[kind].by
    if not isinstance(raw, dict):
        return None
    if not by:
        return kind
    names = (by,) if by == "id" else FIELDS[kind][by].names
    given = parsers.first(raw, names)
    if isinstance(given, dict | list):
        return None
    found = parsers.reference(given) if by == "id" else given
    if found in (None, ""):
        return None
    return str(found)


def _shape(raw: Json) -> str:
    if isinstance(raw, dict):
        return f"keys {sorted(raw)[:8]}"
    return type(raw).__name__


def _fill(body: dict[str, Json], parents: Mapping[str, Json]) -> None:
    for name, value in parents.items():
        if name == "space" and isinstance(body.get("space"), dict):
            if not (body["space"]["key"]):
                body["space"] = {"key": value, "name": None}
        elif name in body and body[name] is None:
            body[name] = value


def _other(raw: Raw, table: Mapping[str, Field]) -> Body:
    """The fields of a configured object that the table has no name for, without its address and
    what changes by itself.
    """
    told = {
        next((name for name in field.names if raw.get(name) is not None), "id")
        for field in table.values()
    }
    silent = {name for field in table.values() for name in field.names if raw.get(name) is None}
    return {
        name: _still(value)
        for name, value in raw.items()
        if name not in told | silent | PASSING | {"id", "url"}
    }


def _still(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _still(below) for name, below in value.items() if name not in PASSING}
    if isinstance(value, list):
        return [_still(below) for below in value]
    return value


def _leg(raw: Raw, body: Body) -> Body:
    if body["bond"] is not None and body["type"]:
        address = None
    else:
        address = _ADDRESS.search(str(raw.get("url")))
    state = body["state"] or "unknown"
    return {
        # legs have no name of their own in version 4; people tell them by their notes
        "name": body["name"] or body["note"] or parsers.text(raw.get("description")),
        "state": state,
        "class": class_of(state),
        "bond": int(address[1]) if address and body["bond"] is None else body["bond"],
        "type": address[2] if address and not body["type"] else body["type"],
    }


def _bond(raw: Raw, body: Body) -> Body:
    # the bond's own name appeared after 6.6; before, and in v3, the name is its bonder's
    bonder = raw.get("bonder")
    return {
        "name": (
            body["name"] or (parsers.text(bonder.get("name")) if isinstance(bonder, dict) else None)
        )
    }


_RUNNING = parsers.words(
    "pending waiting running queued started starting in_progress inprogress progress new created"
    " scheduled submitted testing"
)
_FINISHED = parsers.words("finished complete completed done success succeeded successful ok")
_FAILED = parsers.words("failed failure error errored timeout timed_out aborted")
_CANCELLED = frozenset({"canceled", "cancelled"})


def _tuning(raw: Raw, body: Body) -> Body:
    status = _word(body["status"])
    accepted = {True: "accepted", False: "declined"}
    return {
        "status": status,
        "outcome": _ended(
            status,
            raw.get("success"),
            "recommended" if body["recommendations"] else "nothing",
            "cancelled",
        ),
        "verdict": accepted[raw["accepted"]] if isinstance(raw.get("accepted"), bool) else None,
    }


def _speedtest(raw: Raw, body: Body) -> Body:
    status = _word(body["status"])
    return {"status": status, "outcome": _ended(status, raw.get("success"), "succeeded", "failed")}


def _word(status: str | None) -> str:
    return (status or "unknown").strip().lower().replace(" ", "_").replace("-", "_")


def _ended(status: str, success: Json, well: str, cancelled: str) -> str | None:
    """How it ended; None while it runs. A status nobody knows may be either, so it is neither."""
    if status in _RUNNING:
        return None
    if status in _CANCELLED:
        return cancelled
    if status in _FAILED or (status in _FINISHED and parsers.flag(success) is False):
        return "failed"
    if status in _FINISHED:
        return well
    return "unknown"


def _backup(raw: Raw, _: Body) -> Body:
    if raw.get("status") is None:
        status = None
    else:
        status = _word(str(raw["status"]))
    complete = (status is None or status in _FINISHED) and raw.get("complete") is not False
    return {"complete": complete, "failed": status in _FAILED}


def _space(_: Raw, body: Body) -> Body:
    return {"name": body["name"] or body["key"]}


def _user(_: Raw, body: Body) -> Body:
    return {"name": body["name"] or body["email"]}


_TOGETHER: Mapping[str, Callable[[Raw, Body], Body]] = {
    "leg": _leg,
    "bond": _bond,
    "bond_tuning": _tuning,
    "leg_tuning": _tuning,
    "speedtest": _speedtest,
    "backup": _backup,
    "space": _space,
    "user": _user,
    "config_updates": server_status.config_updates,
    "failover_checks": server_status.failover_checks,
    "downtime_report": server_status.downtime_report,
    "versions": server_status.versions,
    "settings": server_status.settings,
    "certificate": from_document,
}
