"""What an HTTP answer means: a value, or the error that says what can be done about it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from bridge.bonding.catalogue import Operation
from bridge.bonding.wire import refusal
from bridge.core.json_safety import decoded
from bridge.core.model import Json
from bridge.errors import (
    AgainLater,
    BridgeError,
    Busy,
    CredentialsRejected,
    Forbidden,
    Garbled,
    InDoubt,
    Refused,
    Unreachable,
)

_LARGEST_BODY = 64 * 2**20  # bytes
_LONGEST = 200
_LONGEST_WAIT = 3600.0  # seconds a server may ask for; more is not believed
# the statuses in which the vendor says that something is not as the operation needs it
_PRECONDITIONS = (httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT)
_NOT_THERE: Mapping[int, str] = {
    httpx.codes.NOT_FOUND: "there is nothing, or this user may not see it",
    httpx.codes.METHOD_NOT_ALLOWED: (
        "this server has no such operation there, its version may be another"
    ),
}
_CREDENTIALS = (
    "check `user` and `password` in the settings, and that the account is active on the server"
)
# how the vendor's framework says that it does not know somebody, where it says so with a 403
_STRANGER = re.compile(
    r"authentication|username/password|inactive or deleted|basic header|invalid token",
    re.IGNORECASE,
)
_PERMISSIONS = {"GET": "view", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Response:
    """A 2xx answer: `body` decoded (None where it is not JSON), `offset` how far the server's clock
    is ahead of ours.
    """

    status: int
    body: Json
    offset: timedelta


def answer(
    row: Operation,
    response: httpx.Response,
    content: bytes,
    offset: Callable[[datetime | None], timedelta],
) -> Response:
    """The value of an answer; `offset` is told its Date header.

    Raises what `check` raises, and Garbled for a read whose answer is not JSON.

    What the server says to an action is not known, nothing at all included. A web page, though, is
    something else that speaks in its place, a proxy or a login page, and whether the action was
    done is then anybody's guess.
    """
    check(row, response, content)
    body, readable = _decoded(content)
    if not readable and (not row.writes or content.lstrip().startswith(b"<")):
        if row.writes:
            what = "a web page"
        else:
            what = "not JSON"
        raise Garbled(f"{row.name}: the answer is {what}")
    return Response(response.status_code, body, offset(_date(response)))


def check(row: Operation, response: httpx.Response, content: bytes) -> None:
    """Raises unless the answer is a 2xx: Busy, CredentialsRejected, Forbidden, Refused,
    Unreachable, InDoubt.
    """
    if response.is_success:
        return
    body, readable = _decoded(content)
    status = response.status_code
    said = refusal(body) if readable else ""
    if status == httpx.codes.UNAUTHORIZED or (
        status == httpx.codes.FORBIDDEN and _STRANGER.search(said)
    ):
        says = (
            f"{_server(response)} does not accept the user or password: {said or status}"
            f" ({_CREDENTIALS})"
        )
        raise CredentialsRejected(says, status)
    words = f"{status}" + (f": {said}" if said else "")
    if status == httpx.codes.FORBIDDEN:
        needs = permission(row)
        raise Forbidden(f"{words} ({row.name} needs the permission to {needs})", needs, status)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _away(row, response)
    if place := response.headers.get("Location"):
        mend = (
            "write the address that answers in `url`: no redirect is followed, since it could carry"
            " the password elsewhere"
        )
        raise Refused(f"{words}: it sends to {_shown(place)} ({mend})", status)
    raise Refused(words + _reminder(row, response), status)


def _shown(place: str) -> str:
    """Where a redirect leads, without what may be secret in it."""
    parts = urlsplit(place)
    host = parts.netloc.rpartition("@")[2]
    if host:
        return f"{parts.scheme}://{host}{parts.path}"[:_LONGEST]
    return parts.path[:_LONGEST]


def _reminder(row: Operation, response: httpx.Response) -> str:
    """What may be behind a refusal that says little by itself."""
    status = response.status_code
    asked = f"{response.request.method} {response.request.url.path}"
    if status in _NOT_THERE:
        return f" ({row.name}, {asked}: {_NOT_THERE[status]})"
    if row.note and row.writes and status in _PRECONDITIONS:
        return f" ({row.name}: {row.note})"
    return ""


def permission(row: Operation) -> str:
    """What the vendor's permissions call this: `"view legs"`, `"add users"`. To act on something is
    to change it.
    """
    if row.method == "POST" and row.takes:
        verb = "add"
    else:
        verb = _PERMISSIONS.get(row.method, "change")
    words = (row.kind or row.name.partition(".")[0]).replace("_", " ")
    if words.endswith("y"):
        words = f"{words[:-1]}ie"
    return f"{verb} {words}" + ("" if words.endswith("s") else "s")


def _away(row: Operation, response: httpx.Response) -> BridgeError:
    status = response.status_code
    wait = asked_for(response)
    says = f"{_server(response)} answered {status} to {row.name}" + (
        f": again in {wait:.0f}s" if wait else ""
    )
    # too many requests: turned away at the door, so nothing was done
    if status == httpx.codes.TOO_MANY_REQUESTS or (wait is not None and not row.writes):
        return Busy(says, wait)
    return unknown(row, says)


def _server(response: httpx.Response) -> str:
    return f"{response.request.url.scheme}://{response.request.url.netloc.decode()}"


def asked_for(response: httpx.Response) -> float | None:
    """The seconds of a `Retry-After`, given as seconds or as a date on the server's own clock."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(given)
        now = _date(response)
    except (ValueError, TypeError):
        return None
    if now and until.tzinfo:
        return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)
    return None


def _date(response: httpx.Response) -> datetime | None:
    try:
        told = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    if told.tzinfo:
        return told
    return None


def content(response: httpx.Response, in_time: Callable[[], None]) -> bytes:
    """The whole body, within bounds of size and time. Raises Garbled."""
    whole = bytearray()
    for chunk in response.iter_bytes():
        in_time()
        whole += chunk
        if len(whole) > _LARGEST_BODY:
            msg = f"the answer is larger than {_LARGEST_BODY // 2**20} MiB"
            raise Garbled(msg)
    return bytes(whole)


def _decoded(content: bytes) -> tuple[Json, bool]:
    try:
        return decoded(content), True
    except ValueError:
        return None, False


def unknown(row: Operation, message: str) -> AgainLater | InDoubt:
    """A read that failed did nothing; a write may have."""
    if row.writes:
        return InDoubt(message)
    return Unreachable(message)
