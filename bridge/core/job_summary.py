"""What a job asks for, in one line for a person."""

from collections.abc import Mapping
from types import MappingProxyType

from bridge.core.durations import spoken
from bridge.core.model import Body
from bridge.core.visible_text import shortened


def asks(action: str, request: Body, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """`"bond.restart bond=3"`, `"tell noc: a leg is down"`, `"wait 10m"`.

    `names`: what the objects that arguments of a call mean are called, by argument: `"bond.restart
    bond=3 (hq)"`.
    """
    if action == "call":
        aimed = [
            f"{name}={_value(value)}" + (f" ({_value(names[name])})" if name in names else "")
            for name, value in request.get("arguments", {}).items()
        ]
        given = [f"{name}={_value(value)}" for name, value in (request.get("body") or {}).items()]
        return " ".join([str(request.get("operation")), *aimed, *given])
    if action in ("notify", "post"):
        return f"tell {request.get('to')}: {_value(request.get('title') or request.get('text'))}"
    if action in ("webhook", "reply"):
        return f"{action} {_value(request.get('to') or request.get('text') or '')}".strip()
    if action == "wait":
        seconds = request.get("seconds")
        if seconds is not None:
            return f"wait {spoken(seconds)}"
        return f"wait until {request.get('until')} {request.get('zone')}"
    if action == "silence":
        length = request.get("for")
        if isinstance(length, str):
            lasts = length
        else:
            lasts = spoken(float(length or 0))
        return (
            f"silence {', '.join(request.get('types') or ('the same',))} of this"
            f" {request.get('per')} for {lasts}"
        )
    return action


def _value(value: object) -> str:
    return shortened(str(value))
