"""`set` for whatever the table knows: one kept field of one object, whatever clients may do with
it.
"""

from typing import Any

from bridge.simulator.objects import mutations
from bridge.simulator.schema import field_storage, field_types
from bridge.simulator.schema import kinds as table
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import Thing
from bridge.simulator.world.operation_results import Missing
from bridge.simulator.world.world import World


def settable(world: World, kind: str, number: object) -> tuple[Thing, dict[str, Field]]:
    """Find an object and its fields that something is kept in. A leg is a `leg`; a space goes by
    its key. Raises Missing.
    """
    if kind == "leg":
        thing: Thing | None = world.legs.get(number) if isinstance(number, int) else None
    elif kind in table.KINDS and isinstance(number, int | str):
        thing = field_storage.find(world, table.KINDS[kind], number)
    else:
        thing = None
    if thing is None:
        raise Missing
    return thing, {field.name: field for field in table.of(thing).fields if _is_kept(field)}


def put(world: World, thing: Thing, field: Field, value: Any) -> bool:
    """Set a field now; references are ids, a space its key. ValueError with what is wrong about the
    value.
    """
    if field.type in {"ref", "space"}:
        _check_reference(world, field, value)
    elif field.type in field_types.READERS:
        value = field_types.read(field, value)
    return mutations.put(world, thing, field, value)


def names(kind: str) -> list[str]:
    """The names of a kind's fields that can be set this way."""
    kinds = [it for it in table.KINDS.values() if kind in {it.name, it.about}]
    return list(dict.fromkeys(field.name for it in kinds for field in it.fields if _is_kept(field)))


def _is_kept(field: Field) -> bool:
    """What the world works out, or moves by itself, is not for anybody to put."""
    return not field.worked_out and not (field.attribute and field.read_only)


def _check_reference(world: World, field: Field, value: Any) -> None:
    if value is None and field.null:
        return
    for number in value if field.many and isinstance(value, list) else [value]:
        kinds = ("space",) if field.type == "space" else field.of
        if not isinstance(number, int | str) or all(
            field_storage.find(world, table.KINDS[kind], number) is None for kind in kinds
        ):
            raise ValueError(f"no {' or '.join(kinds)} is {number!r}")
