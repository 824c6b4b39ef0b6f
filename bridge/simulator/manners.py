"""How the vendor's framework speaks HTTP, whatever the object: who may ask, in which form, pages, order.

Source: the vendor's pages on access control and on filtering, pagination and ordering; where they are silent, what
Django REST framework does by default.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request

JSON = "application/json"
_PARSED = (JSON, "application/x-www-form-urlencoded", "multipart/form-data")
BODY_LIMIT = 1 << 20
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in; one who is `read_only` gets 403 for every write."""

    name: str
    password: str = field(repr=False)
    read_only: bool = False


USERS = (User("demo@example.com", "demo"), User("viewer@example.com", "demo", read_only=True))


class Problem(Exception):
    """An answer that is a refusal: `{"detail": …}` with a status."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"detail": detail}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def authenticate(request: Request, users: Sequence[User]) -> User:
    """Find out who asks. Problem 401 without or with wrong credentials."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise _stranger("Authentication credentials were not provided.")
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _stranger("Invalid basic header. Credentials not correctly base64 encoded.") from None
    found = None
    for user in users:  # all of them, both halves: the time taken tells nothing
        known = hmac.compare_digest(name.encode(), user.name.encode())
        proven = hmac.compare_digest(password.encode(), user.password.encode())
        found = user if known and proven else found
    if found is None:
        raise _stranger("Invalid username/password.")
    return found


def _stranger(detail: str) -> Problem:
    return Problem(401, detail, WWW_Authenticate='Basic realm="api"')


def check_accept(request: Request) -> None:
    """Problem 406 where the client takes no JSON."""
    if request.headers.get("Accept") and not request.accept_mimetypes.best_match([JSON]):
        raise Problem(406, "Could not satisfy the request Accept header.")


def check_body(request: Request) -> None:
    """Problem 413, 415 or 400 for a body that cannot be read; what it says is nobody's concern here."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise Problem(413, "Request body is too large.")
    body = request.get_data()
    if not body:
        return
    if request.mimetype not in _PARSED:
        raise Problem(415, f'Unsupported media type "{request.content_type or ""}" in request.')
    if request.mimetype == JSON:
        try:
            json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Problem(400, f"JSON parse error - {error}") from None


def ordering(request: Request) -> list[tuple[str, bool]]:
    """Read `?ordering=field,-field` as `[(field, descending)]`."""
    names = [name.strip() for name in request.args.get("ordering", "").split(",")]
    return [(name.removeprefix("-"), name.startswith("-")) for name in names if name.strip("-")]


def in_order(rows: list[dict[str, Any]], order: list[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Sort JSON objects by fields; a field that none has, or that holds objects, is ignored."""
    for name, descending in reversed(order):
        if all(name in row and not isinstance(row[name], dict | list) for row in rows):
            rows = sorted(rows, key=lambda row: _rank(row[name]), reverse=descending)
    return rows


def _rank(value: object) -> tuple[bool, bool, float, str]:
    if isinstance(value, int | float):
        return (False, False, float(value), "")
    return (value is None, True, 0.0, "" if value is None else str(value))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of `count` things: the slice from `first` to `last`, and links to its neighbours."""

    count: int
    first: int
    last: int
    next: str | None
    previous: str | None


def page_of(request: Request, count: int) -> Page | None:
    """Read `?page_size=N&page=K`; None where the client wants the bare list. Problem 404 for a page that is none."""
    size = _positive(request.args.get("page_size", ""))
    if size is None:
        return None
    pages = max(1, -(-count // size))
    number = _positive(request.args.get("page", "1"))
    if number is None or number > pages:
        raise Problem(404, "Invalid page.")
    following = _link(request, number + 1) if number < pages else None
    previous = _link(request, number - 1) if number > 1 else None
    return Page(count, (number - 1) * size, number * size, following, previous)


def _positive(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) and int(text) else None


def _link(request: Request, number: int) -> str:
    """Give the address of another page, absolute; page 1 is the one without `page`."""
    query = {name: values for name, values in request.args.lists() if name != "page"}
    if number > 1:
        query["page"] = [str(number)]
    return f"{request.base_url}?{urlencode(sorted(query.items()), doseq=True)}"
