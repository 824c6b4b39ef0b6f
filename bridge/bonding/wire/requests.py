"""From a row of the catalogue and its arguments to a request, and from a 4xx to a sentence."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.bonding.catalogue import ROOT, Operation
from bridge.core.json_safety import plain
from bridge.core.model import Body, Json
from bridge.core.visible_text import shortened
from bridge.errors import BadInput, Problem

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# characters of a wrong value, so that there is room for what is wrong about it
_QUOTED = 60
_CHANGING = frozenset({"PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: `path` from the server's root, `params` the query, `body` what is sent as
    JSON, if anything.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: Body | None = None


def request(
    row: Operation,
    arguments: Mapping[str, Json],
    params: Mapping[str, str] | None = None,
    body: Json = None,
) -> Request:
    """Raises BadInput with everything that is wrong about arguments, body and query, before
    anything is sent.
    """
    problems = [
        *(Problem(row.name, what, mend) for what, mend in _argument_problems(row, arguments)),
        *(Problem(row.name, what) for what in _body_problems(row, body)),
    ]
    if row.private:
        problems.append(Problem(row.name, "is private to the vendor's own pages, and never called"))
    if params and row.writes:
        problems.append(Problem(row.name, "takes no query: it does not read"))
    if problems:
        raise BadInput(problems)
    path = ROOT + row.path.format(**{name: str(value) for name, value in arguments.items()})
    return Request(row.method, path, params or {}, None if body is None else plain(body))


def _argument_problems(row: Operation, arguments: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    yield from (
        (f"needs {name!r}", f"its path is {row.path}")
        for name in row.arguments
        if name not in arguments
    )
    yield from ((f"takes no {name!r}", "") for name in arguments if name not in row.arguments)
    for name, value in arguments.items():
        wrong = wrong_argument(name, value)
        if wrong:
            yield wrong, ""


def _body_problems(row: Operation, body: Json) -> Iterator[str]:
    if body is None:
        if row.method in _CHANGING:
            yield "needs the fields to change"
    elif not row.takes:
        yield "takes no fields"
    elif not isinstance(body, dict):
        yield f"its fields are a mapping, not {type(body).__name__}"
    else:
        try:
            plain(body)
        except ValueError as error:
            yield f"its fields cannot be sent: {error}"


def wrong_argument(name: str, value: Json) -> str:
    """Why this value cannot stand in a path, or nothing. Spaces go by their key, everything else by
    a whole number.
    """
    text = str(value)
    if name == "space":
        if isinstance(value, str) and _SLUG.fullmatch(value):
            return ""
        return f"space: {shortened(repr(value), _QUOTED)} is not the key of a space"
    fits = not isinstance(value, bool) and text.isascii() and text.isdigit()
    if fits:
        return ""
    if isinstance(value, float) and value.is_integer():  # what is too large came as a decimal
        shown = f"a number of {len(f'{abs(value):.0f}')} digits"
    else:
        shown = shortened(repr(value), _QUOTED)
    return f"{name}: {shown} is not an id; ids are whole numbers, 1 or more"


def refusal(body: Json) -> str:
    """What the server says in a 4xx body, in one line: `{"detail": "…"}` or `{"field": ["…"]}`."""
    if isinstance(body, dict):
        parts = [text if name == "detail" else f"{name}: {text}" for name, text in _texts(body)]
        return "; ".join(parts)[:300]
    if isinstance(body, list):
        return "; ".join(map(str, body))[:300]
    return ""


def _texts(body: Mapping[str, Json]) -> list[tuple[str, str]]:
    return [
        (name, " ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in body.items()
    ]
