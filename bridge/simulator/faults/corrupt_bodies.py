"""What faults do to answers: pages in their place, lists with something wrong, JSON that says it in
another way.
"""

import json
import random
import re
import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from bridge.simulator.faults.switches import FaultDecision
from bridge.simulator.world.entities import Backup, Thing
from bridge.simulator.world.vendor_timestamps import moment, stamp

STRANGE_STATE = "renegotiating"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_REFERENCE = re.compile(r"https?://\S+/api/v4/\S+/")


def page_instead(fate: FaultDecision) -> tuple[int, str, dict[str, str]] | None:
    """Give status, body and headers of what comes in place of the answer; None where the answer
    itself does.
    """
    if fate.kind not in {"errors", "html", "retry_after", "endless_zip"} and not fate.before:
        return None
    if fate.kind == "deaf":
        return 200, "{}", {}
    if fate.kind == "retry_after":
        waiting = {"Retry-After": f"{fate.seconds:.0f}"}
        return (
            fate.status,
            json.dumps({"detail": f"Expected available in {fate.seconds:.0f} seconds."}),
            waiting,
        )
    if fate.kind in {"cut", "drop"}:
        status = 500
    else:
        status = fate.status
    if fate.kind == "html":
        text = "Please log in again."
    else:
        text = "The server is in trouble."
    page = f"<html><body><h1>{status}</h1><p>{text}</p></body></html>"
    return (
        status,
        page,
        {"Content-Type": "application/zip" if fate.kind == "endless_zip" else "text/html"},
    )


def listed(fate: FaultDecision, things: Sequence[Thing]) -> list[Thing]:
    """Give a list as the fault shows it, before it is cut into pages."""
    if fate.kind in _LISTED:
        return _LISTED[fate.kind](fate, things)
    return list(things)


def is_hidden(fate: FaultDecision, thing: Thing) -> bool:
    """Whether the fault hides this object: those with even ids; of those with names, half of
    them.
    """
    if fate.kind != "hidden":
        return False
    number = thing.name if isinstance(thing, Backup) else getattr(thing, "id", repr(thing))
    return (number if isinstance(number, int) else zlib.crc32(number.encode())) % 2 == 0


def _shuffled(fate: FaultDecision, things: Sequence[Thing]) -> list[Thing]:
    dice = random.Random(fate.chance)  # noqa: S311 - play, not secrecy
    return dice.sample(things, len(things))


_LISTED: dict[str | None, Callable[[FaultDecision, Sequence[Thing]], list[Thing]]] = {
    "empty": lambda _fate, _things: [],
    "hidden": lambda fate, things: [thing for thing in things if not is_hidden(fate, thing)],
    "duplicate": lambda _, things: [*things[:1], *things],
    "shuffle": _shuffled,
}


def rewritten(fate: FaultDecision, body: Any) -> Any:
    """Give plain JSON as the fault says it."""
    if fate.kind in _REWRITTEN:
        return _REWRITTEN[fate.kind](fate, body)
    return body


def rewrites(fate: FaultDecision) -> bool:
    """Whether the fault says JSON in another way."""
    return fate.kind in _REWRITTEN


def _halved(_: FaultDecision, body: Any) -> Any:
    if isinstance(body, list):
        return body[: len(body) // 2]
    if isinstance(body, dict) and isinstance(body.get("results"), list):
        return body | {"results": body["results"][: len(body["results"]) // 2]}
    return body


def _skewed(fate: FaultDecision, body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _skewed(fate, value) for name, value in body.items()}
    if isinstance(body, list):
        return [_skewed(fate, value) for value in body]
    if isinstance(body, str) and _MOMENT.fullmatch(body):
        return stamp(moment(body) + timedelta(seconds=fate.skew_seconds))
    return body


def _retyped(_: FaultDecision, body: Any) -> Any:
    if isinstance(body, dict) and "results" in body:
        return body | {"results": [_strange(row) for row in body["results"]]}
    if isinstance(body, list):
        return [_strange(row) for row in body]
    return _strange(body)


def _strange(value: Any, name: str = "") -> Any:
    """Say a value in another way; what says where the object itself is stays, or nothing could be
    found again.
    """
    if isinstance(value, dict):
        if name and isinstance(value.get("url"), str):
            return value["url"]
        return {key: _strange(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_strange(each) for each in value]
    if name == "overall_state":
        return STRANGE_STATE
    return value if name == "url" else _other_form(value)


def _other_form(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        last = value.rstrip("/").rsplit("/", 1)[-1]
        if last.isdigit():
            return {"url": value, "id": int(last)}
        return {"url": value, "key": last}
    return value


_REWRITTEN: dict[str | None, Callable[[FaultDecision, Any], Any]] = {
    "half": _halved,
    "skew": _skewed,
    "types": _retyped,
}
