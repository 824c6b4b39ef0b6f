"""What can be read of a rule whose shape is wrong somewhere, so that the rest of its problems are
told with the first.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bridge.core.model import Json
from bridge.core.rules.models.rule import RuleModel
from bridge.core.rules.models.scalars import Strict

Place = tuple[str | int, ...]


def salvaged(data: Mapping[str, Json]) -> tuple[RuleModel, list[tuple[Place, str]]]:
    """Never a rule to be used: what cannot be read is left out, what must be there and is not is
    empty.

    With it what is wrong with the keys of its parts together, which nobody has looked at where one
    of them was wrong alone.
    """
    salvage = _Salvage()
    rule: RuleModel = salvage.model(RuleModel, data, ())
    return rule, salvage.amiss


class _Salvage:
    def __init__(self) -> None:
        self.amiss: list[tuple[Place, str]] = []

    def model(self, model: type[Strict], data: Json, place: Place) -> Any:
        if isinstance(data, dict):
            given = data
        else:
            given = {}
        parts = {}
        for name, field in model.model_fields.items():
            key = field.alias or name
            value = given.get(key)
            if value is None:
                parts[name] = _empty(field)
            else:
                parts[name] = self._part(model, name, value, (*place, key))
        made = model.model_construct(**parts)
        with suppress(TypeError):  # it compares what could not be read
            if said := made.amiss():
                self.amiss.append((place, said))
        return made

    def _part(self, model: type[Strict], name: str, value: Json, place: Place) -> Json:
        try:
            return _adapter(model, name).validate_python(value)
        except ValidationError:
            return self._in_parts(model.model_fields[name], value, place)

    def _in_parts(self, field: FieldInfo, value: Json, place: Place) -> Json:
        alone, listed = _models(field.annotation)
        if alone and isinstance(value, dict):
            return self.model(alone, value, place)
        if listed:
            if isinstance(value, list):
                parts = value
            else:
                parts = [value]
            return [self.model(listed, part, (*place, i)) for i, part in enumerate(parts)]
        return _empty(field)


@cache
def _adapter(model: type[Strict], name: str) -> TypeAdapter[Json]:
    return TypeAdapter(model.model_fields[name].rebuild_annotation())


def _models(annotation: Any) -> tuple[type[Strict] | None, type[Strict] | None]:
    """The model that a field may be, and the model that it may be a list of."""
    kinds = list(_kinds(annotation))
    alone = next((kind for kind in kinds if _is_model(kind)), None)
    lists = (get_args(kind)[0] for kind in kinds if get_origin(kind) is list)
    return alone, next((kind for kind in lists if _is_model(kind)), None)


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types of a union, without what is annotated to them."""
    if isinstance(annotation, type) or get_origin(annotation) is list:
        yield annotation
    else:
        for part in get_args(annotation):
            yield from _kinds(part)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Strict)


def _empty(field: FieldInfo) -> Json:
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    if any(get_origin(kind) is list for kind in _kinds(field.annotation)):
        return []
    return ""
