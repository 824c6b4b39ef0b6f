"""What can come of an operation, beside the object or document that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from bridge.simulator.world.entities import Thing


class Missing(Exception):
    """An argument names an object that is not there: 404."""


class Invalid(Exception):
    """The server says no to what fields hold: 400 with `{"field": ["text", …]}`."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items()))
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a write: the object to show, if any; whether the world applied it; a short text
    about that.
    """

    effect: str
    effective: bool = True
    thing: Thing | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class File:
    """A download."""

    name: str
    content_type: str
    content: bytes


_K = TypeVar("_K")
_T = TypeVar("_T")


def get(things: Mapping[_K, _T], key: _K) -> _T:
    """Give the thing of this key. Raises Missing."""
    if key not in things:
        raise Missing
    return things[key]
