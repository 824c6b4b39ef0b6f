"""What a platform makes of one request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.core.model import Body
from bridge.core.plain import decoded
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


def json_object(body: bytes) -> Body:
    """The body as a JSON object. Raises Refused(400); only to be asked after the signature was found good."""
    try:
        value = decoded(body)
    except ValueError as error:
        raise Refused("the body is not JSON", 400) from error
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object", 400)
    return value
