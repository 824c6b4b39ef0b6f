"""The types of values that expressions meet, and what has nothing below it in a shape: a leaf of
such a type.

A type says what can be compared with what, and which words a text may be. `any`: nobody can say
before it comes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Type:
    """`name`: any, null, flag, whole, decimal, text, bytes, time, length, list, object, mapping,
    view or kind.

    `words`: all that a text may be, empty for whatever it likes; `of`: what a list holds; `shape`:
    what an object has. `said`: how it is spoken of, where its name would not do. `reach`: the least
    and the most that a number can be, and `said_of` what these mean. Every value of a field may
    also be null.
    """

    name: str
    words: frozenset[str] = frozenset()
    of: "Type | None" = None
    shape: Mapping[str, Any] | None = None
    said: str = ""
    reach: tuple[int, int] | None = None
    said_of: str = ""

    @property
    def group(self) -> str:
        """Types of one group can be equal: whole numbers and others are."""
        return {"whole": "number", "decimal": "number", "mapping": "object"}.get(
            self.name, self.name
        )

    @property
    def known(self) -> bool:
        """Whether anything can be said of it."""
        return self.name != "any"

    def __str__(self) -> str:
        return self.said or _SAID[self.name]


_SAID = {
    "any": "anything",
    "null": "null",
    "flag": "true or false",
    "whole": "a number",
    "decimal": "a number",
    "text": "a text",
    "bytes": "bytes",
    "time": "a moment",
    "length": "a length of time",
    "list": "a list",
    "object": "an object",
    "mapping": "a mapping",
    "view": "the view",
    "kind": "the name of a type",
}

ANY = Type("any")
NULL = Type("null")
FLAG = Type("flag")
WHOLE = Type("whole")
DECIMAL = Type("decimal")
TEXT = Type("text")
BYTES = Type("bytes")
TIME = Type("time")
LENGTH = Type("length")
LIST = Type("list")
TEXTS = Type("list", of=TEXT)
MAPPING = Type("mapping")
VIEW = Type("view")
KIND = Type("kind")
# names that `type(x)` can be compared with
KINDS = frozenset({"int", "uint", "double", "string", "bytes", "bool", "list", "map", "null_type"})


class Leaf(Mapping[str, Any]):
    """What has nothing below it in a shape, and its type."""

    __slots__ = ("type",)

    def __init__(self, type_: Type) -> None:
        self.type = type_

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"Leaf({self.type.name})"


def leaf_of(shape: Mapping[str, Any]) -> Type:
    """The type of what stands at a place of a shape."""
    if isinstance(shape, Leaf):
        return shape.type
    if not shape or "*" in shape:
        return ANY
    return Type("object", shape=shape)


def misfits(value: object, shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Where plain data is not of a shape, and why: `("bond.id", "bond.id is a number, and never a
    text")`.
    """
    if value is None or "*" in shape:
        return
    expected = leaf_of(shape)
    given = of_value(value)
    if expected.known and given.group != expected.group:
        yield path, f"{path} is {expected}, and never {given}"
    elif expected.words and str(value) not in expected.words:
        yield path, f"{path} is one of {', '.join(sorted(expected.words))}, and never {value!r}"
    elif isinstance(value, Mapping) and expected.shape is not None:
        for name, below in value.items():
            here = f"{path}.{name}".lstrip(".")
            if name in shape:
                yield from misfits(below, shape[name], here)
            else:
                yield here, f"there is no {here}"


def fitted(value: Any, shape: Mapping[str, Any]) -> Any:
    """Plain data with whole numbers as decimals where the shape has such, as the server's are
    read.
    """
    if isinstance(value, Mapping):
        return {name: fitted(below, shape.get(name, {})) for name, below in value.items()}
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and leaf_of(shape).name == "decimal":
        return float(value)
    return value


def of_value(value: object) -> Type:
    """The type of plain data."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return FLAG
    for python, found in (
        (int, WHOLE),
        (float, DECIMAL),
        (str, TEXT),
        (bytes, BYTES),
        (list, LIST),
        (Mapping, MAPPING),
    ):
        if isinstance(value, python):
            return found
    return ANY
