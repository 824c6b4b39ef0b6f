"""How the vendor's framework speaks HTTP, whatever the object: who may ask, in which form, pages,
order.

Source: the vendor's pages on access control and on filtering, pagination and ordering; where they
are silent, what Django REST framework does by default.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request

JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PARSED = (JSON, *_FORMS)
BODY_LIMIT = 1 << 20
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How this server differs from the usual one.

    `literal`: the vendor's table is read to the letter, where it swaps the rows of interface legs.
    `rename_guessed`: every field name that is our guess is another one. `tokens`: token login is
    possible. `challenge`: strangers get 401 and a challenge, otherwise 403.
    """

    literal: bool = False
    rename_guessed: bool = False
    tokens: bool = True
    challenge: bool = True


USUAL = ServerOptions()


class VendorError(Exception):
    """An answer that is a refusal: `{"detail": …}`, or another body, with a status."""

    def __init__(self, status: int, detail: str = "", body: object = None, **headers: str) -> None:
        self.body = {"detail": detail} if body is None else body
        super().__init__(detail or json.dumps(self.body, ensure_ascii=False))
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def check_accept(request: Request) -> None:
    """Problem 406 where the client takes no JSON."""
    if request.headers.get("Accept") and not request.accept_mimetypes.best_match([JSON]):
        raise VendorError(406, "Could not satisfy the request Accept header.")


def body_of(request: Request, many: Collection[str] = ()) -> dict[str, Any]:
    """Read the body as fields, of a form as of JSON; `many` names those that a form may repeat.
    Problem 413, 415 or 400.
    """
    if (request.content_length or 0) > BODY_LIMIT:
        raise VendorError(413, "Request body is too large.")
    if request.mimetype in _FORMS and (request.content_length or 0):
        return {
            name: values if name in many else values[-1] for name, values in request.form.lists()
        }
    body = request.get_data()
    if not body:
        return {}
    if request.mimetype != JSON:
        raise VendorError(415, f'Unsupported media type "{request.content_type or ""}" in request.')
    try:
        read = json.loads(body)
        json.dumps(
            read, ensure_ascii=False
        ).encode()  # half a surrogate pair is no text that could be told again
    except (ValueError, RecursionError) as error:
        raise VendorError(400, f"JSON parse error - {error}") from None
    if not isinstance(read, dict):
        said = f"Invalid data. Expected a dictionary, but got {type(read).__name__}."
        raise VendorError(400, body={"non_field_errors": [said]})
    return read


def ordering(text: str) -> list[tuple[str, bool]]:
    """Read `field,-field` as `[(field, descending)]`."""
    names = [name.strip() for name in text.split(",")]
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
    """One page of a list of `count` things: the slice from `first` to `last`, and links to its
    neighbours.
    """

    count: int
    first: int
    last: int
    next: str | None
    previous: str | None


def page_of(request: Request, count: int) -> Page | None:
    """Read `?page_size=N&page=K`; None where the client wants the bare list. Problem 404 for a page
    that is none.
    """
    size = _positive(request.args.get("page_size", ""))
    if size is None:
        return None
    pages = max(1, -(-count // size))
    number = _positive(request.args.get("page", "1"))
    if number is None or number > pages:
        raise VendorError(404, "Invalid page.")
    if number < pages:
        following = _link(request, number + 1)
    else:
        following = None
    if number > 1:
        previous = _link(request, number - 1)
    else:
        previous = None
    return Page(count, (number - 1) * size, number * size, following, previous)


def _positive(text: str) -> int | None:
    if NUMBER.fullmatch(text) and int(text):
        return int(text)
    return None


def _link(request: Request, number: int) -> str:
    """Give the address of another page, absolute; page 1 is the one without `page`."""
    query = {name: values for name, values in request.args.lists() if name != "page"}
    if number > 1:
        query["page"] = [str(number)]
    return f"{request.base_url}?{urlencode(sorted(query.items()), doseq=True)}"
