"""Which objects of a list a client wants: `?field=value`, `?search=`; and which fields of them:
`?exclude_fields=`.

Source: the vendor's page on filtering, pagination and ordering. Which fields can be filtered is not
known: here all that hold one plain value.
"""

from typing import Any

from bridge.bonding.catalogue import Operation
from bridge.simulator.schema import field_storage, field_types, kinds
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import Thing
from bridge.simulator.world.operation_results import Invalid
from bridge.simulator.world.world import World

_PLAIN = frozenset(field_types.READERS)
_ID = Field(name="id", type="int")


def wanted(
    world: World, row: Operation, things: list[Any], query: dict[str, list[str]]
) -> list[Any]:
    """Keep the objects that fit all filters and every word of the search. Raises Invalid for a
    value that cannot be.
    """
    kind = _kind(row)
    if kind is None:
        return things
    for field in (_ID, *kind.fields):
        if field.name in query and not field.secret and not field.many:
            things = _fitting(world, field, things, query[field.name][-1])
    words = query.get("search", [""])[-1].lower().replace(",", " ").split()
    if words:
        return [thing for thing in things if _found(world, kind, thing, words)]
    return things


def without(body: Any, query: dict[str, list[str]]) -> Any:
    """Leave out the fields that are not wanted, of an object or of each one of a list."""
    names = set(query.get("exclude_fields", ()))
    if not names or not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if name not in names}


def _kind(row: Operation) -> kinds.Kind | None:
    return kinds.of_operation(row) or kinds.KINDS.get(
        {"leg": "interface_leg", "node": "bonder"}.get(row.kind or "", "")
    )


def _fitting(world: World, field: Field, things: list[Any], text: str) -> list[Any]:
    if not text:
        return things
    if field.type in {"ref", "space"}:
        return [
            thing
            for thing in things
            if text in {str(number) for number in _reference(world, thing, field)}
        ]
    if field.type not in _PLAIN:
        return things
    value = _value(field, text)
    return [thing for thing in things if _held(world, thing, field) == value]


def _value(field: Field, text: str) -> Any:
    try:
        return field_types.read(field, text)
    except ValueError as error:
        if field.choices:
            said = f"Select a valid choice. {text} is not one of the available choices."
        else:
            said = str(error)
        raise Invalid({field.name: [said]}) from None


def _held(world: World, thing: Thing, field: Field) -> Any:
    if field is _ID:
        return getattr(thing, "id", None)
    own = kinds.of(thing).field(field.name)
    if own is not None:
        return field_storage.get(world, thing, own)
    return None


def _reference(world: World, thing: Thing, field: Field) -> tuple[Any, ...]:
    """A reference fits by its id, a space by its key or its id."""
    held = _held(world, thing, field)
    if field.type == "space" and held in world.spaces:
        return (held, world.spaces[held].id)
    return (held,)


def _found(world: World, kind: kinds.Kind, thing: Thing, words: list[str]) -> bool:
    texts = [
        str(_held(world, thing, field) or "").lower()
        for field in kind.fields
        if field.name in kind.search
    ]
    if thing.kind == "bond":
        bonder = world.of("bonder")[thing.bonder]  # type: ignore[union-attr]
        version = kinds.KINDS["bonder"].field("version")
        texts.append(str(bonder.values.get("version", version.default if version else None)))
    return all(any(word in text for text in texts) for word in words)
