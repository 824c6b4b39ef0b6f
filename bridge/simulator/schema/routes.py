"""Which path is which operation: made from the catalogue's rows, so that a new row is a new
route.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, Map, RequestRedirect, Rule

from bridge.bonding.catalogue import LITERAL, OPERATIONS, ROOT, Operation
from bridge.simulator.schema import kinds

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Id(IntegerConverter):
    """An id in a path; longer digits are no id, and would be slow to read."""

    regex = r"\d{1,18}"


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to: its operations by method, its arguments; `slashless`: only the last
    slash is missing.
    """

    methods: dict[str, Operation] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    slashless: bool = False

    @property
    def allow(self) -> str:
        """The `Allow` header: `GET, POST, HEAD, OPTIONS`."""
        named = [method for method in _ORDER if method in self.methods]
        return ", ".join([*named, *(["HEAD"] if "GET" in self.methods else []), "OPTIONS"])

    @property
    def read(self) -> Operation | None:
        """The operation that reads what is here, where one can."""
        return self.methods.get("GET")


class Routes:
    """All paths of one reading of the vendor's table."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._methods: dict[str, dict[str, Operation]] = {}
        for row in operations.values():
            self._methods.setdefault(_pattern(row), {})[row.method] = row
        rules = [Rule(pattern, endpoint=pattern) for pattern in self._methods]
        self._adapter = Map(rules, converters={"id": _Id}, merge_slashes=False).bind("localhost")

    def find(self, path: str) -> Route:
        """Find what a path leads to; a route without methods is none."""
        try:
            pattern, arguments = self._adapter.match(path)
        except RequestRedirect:
            return Route(slashless=True)
        except NotFound:
            return Route()
        return Route(self._methods[pattern], dict(arguments))

    def object_at(self, path: str) -> tuple[kinds.Kind | None, dict[str, Any]]:
        """Give the kind and the arguments of an object's address; None where a path is no object's
        address.
        """
        route = self.find(path)
        row = route.read
        if row is None or not row.name.endswith(".get") or not route.arguments:
            return None, {}
        if row.kind == "leg":
            return kinds.KINDS["interface_leg"], route.arguments
        return (
            kinds.of_operation(row) or kinds.KINDS.get("bonder" if row.kind == "node" else ""),
            route.arguments,
        )


@cache
def routes(*, literal: bool) -> Routes:
    """Give the paths of the vendor's table, put right or to the letter. Made once: it takes longest
    of all that is started.
    """
    return Routes(LITERAL if literal else OPERATIONS)


def _pattern(row: Operation) -> str:
    kinds = {name: "string" if name == "space" else "id" for name in row.arguments}
    return ROOT + row.path.format(**{name: f"<{kind}:{name}>" for name, kind in kinds.items()})
