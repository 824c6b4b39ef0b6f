"""What a job asks for, in one line for a person."""

from collections.abc import Mapping
from types import MappingProxyType

from bridge.core.durations import spoken
from bridge.core.model import Body
from bridge.core.requests import (
    CallRequest,
    NoticeRequest,
    PostRequest,
    ReplyRequest,
    Request,
    RuleSilenceRequest,
    WaitRequest,
    WebhookRequest,
    request_of,
)
from bridge.core.visible_text import shortened


def asks(
    action: str, request: Request | Body, names: Mapping[str, str] = MappingProxyType({})
) -> str:
    """`"bond.restart bond=3"`, `"tell noc: a leg is down"`, `"wait 10m"`.

    `names`: what the objects that arguments of a call mean are called, by argument: `"bond.restart
    bond=3 (hq)"`.
    """
    wanted = request if isinstance(request, Request) else request_of(action, request)
    if isinstance(wanted, CallRequest):
        return _call(wanted, names)
    if isinstance(wanted, NoticeRequest):
        return f"tell {wanted.to}: {_value(wanted.title)}"
    if isinstance(wanted, PostRequest):
        return f"tell {wanted.to}: {_value(wanted.text)}"
    if isinstance(wanted, WebhookRequest):
        return f"webhook {_value(wanted.to)}".strip()
    if isinstance(wanted, ReplyRequest):
        return f"reply {_value(wanted.text)}".strip()
    if isinstance(wanted, WaitRequest):
        return _wait(wanted)
    if isinstance(wanted, RuleSilenceRequest):
        return _silence(wanted)
    return action


def _call(call: CallRequest, names: Mapping[str, str]) -> str:
    aimed = [
        f"{name}={_value(value)}" + (f" ({_value(names[name])})" if name in names else "")
        for name, value in call.arguments.items()
    ]
    given = [f"{name}={_value(value)}" for name, value in (call.body or {}).items()]
    return " ".join([call.operation, *aimed, *given])


def _wait(wait: WaitRequest) -> str:
    if wait.seconds is not None:
        return f"wait {spoken(wait.seconds)}"
    return f"wait until {wait.until} {wait.zone}"


def _silence(silence: RuleSilenceRequest) -> str:
    length = silence.length
    lasts = length if isinstance(length, str) else spoken(length)
    types = ", ".join(silence.types or ("the same",))
    return f"silence {types} of this {silence.per} for {lasts}"


def _value(value: object) -> str:
    return shortened(str(value))
