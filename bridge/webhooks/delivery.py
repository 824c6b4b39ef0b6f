"""What a platform makes of one request."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.core.model import Body, Json
from bridge.errors import Refused


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that is who it says it is. `id` is the same for the same delivery sent again."""

    id: str
    body: Body


class Platform(Protocol):
    """Reads one request. `now` is machine time; header names are lower case. Raises Refused with an HTTP status."""

    def __call__(  # noqa: D102  said above
        self, headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime, tolerance: float
    ) -> Delivery: ...


# Deeper than any honest body, shallower than what a database or a template would trip over.
_DEEPEST = 30


def json_object(body: bytes) -> Body:
    """The body as a JSON object. Raises Refused(400); only to be asked after the signature was found good."""
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON", 400) from error
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object", 400)
    if not _storable(value, _DEEPEST):
        raise Refused("the body is nested too deeply or holds characters that cannot be stored", 400)
    return value


def _no_number(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are no JSON, though Python reads them


def _number(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _storable(value: Json, depth: int) -> bool:
    """No deeper than this, no NUL (PostgreSQL has no place for it), no half of a surrogate pair (UTF-8 has none)."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return depth > 0 and all(_storable(name, 0) and _storable(below, depth - 1) for name, below in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_storable(below, depth - 1) for below in value)
    return True
