"""The vendor's JSON ↔ our objects. No I/O, and every guess about a field's spelling lives here and nowhere else.

Whatever is not understood is carried: an unknown state stays as it is spelt, an unknown field stays in `raw`. Only an
object that cannot be told from others (no id) makes the whole answer unusable.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bridge.bonding.catalogue import KINDS, ROOT, SECRET_INSIDE, SPACES, Operation
from bridge.core.canonical import canonical
from bridge.core.model import Body, Json, Seen
from bridge.core.standing import class_of
from bridge.errors import BadInput, Garbled, Problem

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: `path` from the server's root, `params` the query."""

    method: str
    path: str
    params: Mapping[str, str]


def request(row: Operation, arguments: Mapping[str, Json], params: Mapping[str, str] | None = None) -> Request:
    """Raises BadInput for a missing, extra or wrongly typed argument, before anything is sent."""
    problems = [
        Problem(row.name, f"needs {name!r}", f"its path is {row.path}") for name in row.arguments if name not in arguments
    ]
    problems += [Problem(row.name, f"takes no {name!r}") for name in arguments if name not in row.arguments]
    texts = {}
    for name, value in arguments.items():
        try:
            texts[name] = _argument(name, value)
        except ValueError as error:
            problems.append(Problem(row.name, str(error)))
    if problems:
        raise BadInput(problems)
    return Request(row.method, ROOT + row.path.format(**texts), params or {})


def _argument(name: str, value: Json) -> str:
    """Spaces go by their key, everything else by a whole number. Nothing else may reach a path."""
    text = str(value)
    if name == "space":
        if not isinstance(value, str) or not _SLUG.fullmatch(value):
            msg = f"space: {value!r} is not the key of a space"
            raise ValueError(msg)
    elif isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        msg = f"{name}: {value!r} is not an id; ids are whole numbers"
        raise ValueError(msg)
    return text


def normalise(kind: str, raw: Json, key: bytes) -> Seen:
    """One object of the vendor's, in our words. `key` makes the digests of its secrets. Raises Garbled."""
    row = KINDS[kind]
    given = raw.get(row.by) if isinstance(raw, dict) else None
    identifier = reference(given) if row.by == "id" else given
    if identifier in (None, "") or isinstance(given, dict | list):
        msg = f"a {kind} without {row.by!r}: {_shape(raw)}"
        raise Garbled(msg)
    safe = _digested(raw, row.secret, key)
    return Seen(kind, str(identifier), _BODIES[kind](safe), safe)


def reference(value: Json) -> int | None:
    """The id in any form the server writes references: a URL, an object, a number, or digits."""
    if isinstance(value, dict):
        value = value.get("id", value.get("url"))
    if isinstance(value, str):
        value = value.rstrip("/").rpartition("/")[2]
    try:
        return None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def moment(value: Json) -> str | None:
    """A time of the vendor's as ISO 8601 in UTC; None for none, or for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def refusal(body: Json) -> str:
    """What the server says in a 4xx body, in one line: `{"detail": "…"}` or `{"field": ["…"]}`."""
    if isinstance(body, dict):
        parts = [text if name == "detail" else f"{name}: {text}" for name, text in _texts(body)]
        return "; ".join(parts)[:300]
    return "; ".join(map(str, body))[:300] if isinstance(body, list) else ""


def _texts(body: Mapping[str, Json]) -> list[tuple[str, str]]:
    return [(name, " ".join(map(str, value)) if isinstance(value, list) else str(value)) for name, value in body.items()]


def _digested(raw: Mapping[str, Json], secret: frozenset[str], key: bytes) -> dict[str, Json]:
    return {name: _digest(value, key) if name in secret else _inside(name, value, key) for name, value in raw.items()}


def _inside(name: str, value: Json, key: bytes) -> Json:
    if isinstance(value, dict):
        return _digested(value, SECRET_INSIDE - {"key"} if name in SPACES else SECRET_INSIDE, key)
    return [_inside(name, below, key) for below in value] if isinstance(value, list) else value


def _digest(value: Json, key: bytes) -> Json:
    if not value:
        return value
    return "digest:" + hmac.new(key, canonical(value).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def _shape(raw: Json) -> str:
    return f"keys {sorted(raw)[:8]}" if isinstance(raw, dict) else type(raw).__name__


def _number(value: Json) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _space(value: Json) -> Body:
    """Nested `{name, key, url}`, or only a URL that ends in the key."""
    if isinstance(value, dict):
        return {"key": _text(value.get("key")), "name": _text(value.get("name"))}
    key = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else None
    return {"key": key, "name": None}


def _first(raw: Mapping[str, Any], *names: str) -> Json:
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def _leg(raw: Mapping[str, Any]) -> Body:
    state = _text(_first(raw, "overall_state", "state")) or "unknown"
    name = _first(raw, "name", "note", "description")
    return {
        "id": reference(raw["id"]),
        "name": str(name) if name else f"leg {raw['id']}",
        "bond": reference(_first(raw, "bond_id", "bond")),
        "state": state,
        "class": class_of(state),
        "standing": None,
        "mode": _text(raw.get("link_mode")),
        "failover": raw["failover"] if isinstance(raw.get("failover"), bool) else None,
        "type": _text(raw.get("type")),
        "down_speed": _number(raw.get("down_speed")),
        "up_speed": _number(raw.get("up_speed")),
        "upload_rate": _number(raw.get("upload_rate")),
        "download_rate": _number(raw.get("download_rate")),
        "note": _text(raw.get("note")),
    }


def _bond(raw: Mapping[str, Any]) -> Body:
    # the bond's own name appeared after 6.6; before, and in v3, the name is its bonder's
    bonder = raw.get("bonder")
    name = raw.get("name") or (bonder.get("name") if isinstance(bonder, dict) else None)
    return {
        "id": reference(raw["id"]),
        "name": str(name) if name else f"bond {raw['id']}",
        "space": _space(raw.get("space")),
        "primary": reference(_first(raw, "aggregator", "primary_aggregator")),
        "secondary": reference(raw.get("secondary_aggregator")),
        "circuit_id": _text(raw.get("circuit_id")),
        "upload_rate": _number(raw.get("upload_rate")),
        "download_rate": _number(raw.get("download_rate")),
        "note": _text(raw.get("note")),
    }


def _aggregator(raw: Mapping[str, Any]) -> Body:
    return {
        "id": reference(raw["id"]),
        "name": str(raw.get("name") or f"aggregator {raw['id']}"),
        "space": _space(raw.get("space")),
        "status": _text(raw.get("status")),
        "standing": None,
        "note": _text(raw.get("note")),
    }


_CANCELLED = frozenset({"canceled", "cancelled"})


def _bond_tuning(raw: Mapping[str, Any]) -> Body:
    status = (_text(raw.get("status")) or "unknown").lower()
    found = raw.get("recommendations") or {}
    return {
        "id": reference(raw["id"]),
        "bond": reference(_first(raw, "bond_id", "bond", "url_bond")),
        "status": status,
        "outcome": _outcome(status, raw.get("success"), bool(found)),
        "verdict": "accepted" if raw.get("accepted") is True else "declined" if raw.get("accepted") is False else None,
        "recommendations": found,
        "created": moment(raw.get("created")),
        "started": moment(raw.get("started")),
        "finished": moment(raw.get("finished")),
    }


def _outcome(status: str, success: Json, recommends: bool) -> str | None:  # noqa: FBT001  a fact, not a switch
    if status in _CANCELLED:
        return "cancelled"
    if status == "failed" or (status == "finished" and success is False):
        return "failed"
    if status == "finished":
        return "recommended" if recommends else "nothing"
    return None


def _backup(raw: Mapping[str, Any]) -> Body:
    return {
        "name": str(raw["name"]),
        "complete": raw.get("status") in (None, "complete", "completed", "finished") and raw.get("complete") is not False,
        "size": _number(raw.get("size")),
        "created": moment(_first(raw, "created", "date", "time")),
    }


_BODIES: Mapping[str, Callable[[Mapping[str, Any]], Body]] = {
    "leg": _leg,
    "bond": _bond,
    "aggregator": _aggregator,
    "bond_tuning": _bond_tuning,
    "backup": _backup,
}
