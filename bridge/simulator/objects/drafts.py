"""Drafts: what an object is to become, read from a body by the table, checked field by field and
then as a whole.
"""

from dataclasses import dataclass, field
from typing import Any

from bridge.simulator.schema import field_storage, field_types, kinds
from bridge.simulator.schema.accounts import Caller
from bridge.simulator.schema.computed_fields import space_of
from bridge.simulator.schema.field_types import Field
from bridge.simulator.schema.references import Reader
from bridge.simulator.world.entities import Thing
from bridge.simulator.world.operation_results import Invalid
from bridge.simulator.world.world import World

_REFERENCES = frozenset({"ref", "space"})


class Wrong(Invalid):
    """One field cannot be as it was asked for, because of what else there is; the text says why."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__({name: [text]})


@dataclass(slots=True)
class Draft:
    """What an object is to become: `thing` is what is there already, None for a new one; `given`
    the fields to change.
    """

    world: World
    kind: kinds.Kind
    asker: Caller
    parents: dict[str, Any]
    thing: Thing | None = None
    given: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """Give what a field is to be: as given, or as it is, or the default."""
        if name in self.given:
            return self.given[name]
        found = self.kind.field(name)
        if found is None:
            raise KeyError(name)
        if self.thing is not None:
            return field_storage.get(self.world, self.thing, found)
        if found.worked_out or found.attribute:
            return None
        return found.default

    @property
    def space(self) -> str:
        """The key of the space that the object is to be in; for what has none, that of who asks."""
        if self.given.get("space"):
            return str(self.given["space"])
        if self.thing is not None:
            return space_of(self.world, self.thing) or self.asker.home
        if "bond" in self.parents:
            return self.world.bonds[self.parents["bond"]].space
        return str(self.parents.get("space", self.asker.home))

    def others(self) -> list[Any]:
        """List the other things of the kind."""
        return [it for it in field_storage.all_of(self.world, self.kind) if it is not self.thing]


def read(draft: Draft, reader: Reader, body: dict[str, Any], *, whole: bool) -> None:
    """Fill a draft from a body; `whole`: every required field must be there. Raises Invalid."""
    wrong: dict[str, list[str]] = {}
    for each in draft.kind.fields:
        try:
            _read_field(draft, reader, each, body, whole=whole)
        except ValueError as error:
            wrong[each.name] = [str(error)]
    for each in draft.kind.fields:  # only now is it known in which space the object is to be
        if each.name not in wrong and _taken(draft, each):
            wrong[each.name] = [each.taken]
    if wrong:
        raise Invalid(wrong)


def _read_field(
    draft: Draft, reader: Reader, each: Field, body: dict[str, Any], *, whole: bool
) -> None:
    if each.name not in body:
        if whole and each.required and not (each.write_only and draft.thing):
            raise ValueError("This field is required.")
    elif each.read_only:
        if each.fixed and body[each.name] != _as_is(draft, each):
            raise ValueError(each.fixed)
    else:
        value = (reader.read if each.type in _REFERENCES else field_types.read)(
            each, body[each.name]
        )
        if each.fixed and draft.thing is not None and value != draft.get(each.name):
            raise ValueError(each.fixed)
        draft.given[each.name] = value


def _taken(draft: Draft, each: Field) -> bool:
    moved = each.unique == "space" and "space" in draft.given
    if not each.unique or not (moved or each.name in draft.given):
        return False
    value = draft.get(each.name)
    return any(_same(draft, each, value, other) for other in draft.others())


def _as_is(draft: Draft, each: Field) -> Any:
    """What a field that nobody can set would be; of a new object nothing is known yet."""
    if draft.thing is not None:
        return draft.get(each.name)
    return None


def _same(draft: Draft, each: Field, value: Any, other: Any) -> bool:
    if field_storage.get(draft.world, other, each) != value:
        return False
    if each.unique == "parent":
        return kinds.parents_of(other) == draft.parents
    return each.unique == "server" or space_of(draft.world, other) == draft.space
