"""Which keys a mapping may have at a place, by the model that it is read into: for what a misspelt
one may have meant.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

_Models = frozenset[type[BaseModel]]


def meant(model: type[BaseModel], place: tuple[str | int, ...]) -> str:
    """`"did you mean 'poll'?"` for a key at this place that is none; "" where none is near."""
    *above, key = place
    near = get_close_matches(str(key), sorted(_keys(model, above)), n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return ""


def _keys(model: type[BaseModel], above: list[str | int]) -> set[str]:
    found: _Models = frozenset({model})
    for part in above:
        # a name that a person chose, a number in a list or a mark of a union leads no further
        found = frozenset(_below(found, str(part))) or found
    return {field.alias or name for each in found for name, field in each.model_fields.items()}


def _below(models: _Models, key: str) -> Iterator[type[BaseModel]]:
    for model in models:
        for name, field in model.model_fields.items():
            if key in (name, field.alias):
                yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation, such as that of `list[Server] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)
