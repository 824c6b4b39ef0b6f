"""The variables that say a setting, and those that only look like one."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from bridge.core.yaml_document import Document, Place
from bridge.errors import Problem

# what is no setting and read all the same
_BESIDE = frozenset({"CONFIG", "LOG_LEVEL", "ACTOR"})
_DEMO = "DEMO_"
# as near as this it can only be meant; names that have nothing to do with ours are others' business
_NEAR = 0.8


def named(place: Place, prefix: str) -> str:
    """The variable that this place comes from, "" where the environment does not say it."""
    path = [str(part).upper() for part in place]
    names = (prefix + "__".join(path[:n]) for n in range(len(path), 0, -1))
    return next((name for name in names if name in os.environ), "")


def below(place: Place, prefix: str) -> str:
    """The first variable that says something below this place, such as `…SERVERS__0__NAME`."""
    begins = prefix + "__".join(str(part).upper() for part in place) + "__"
    return next((name for name in sorted(os.environ) if name.startswith(begins)), "")


def as_json(place: Place, prefix: str) -> str:
    """How the list at this place is written in a variable."""
    name = prefix + "__".join(str(part).upper() for part in place)
    return f"write the whole list as JSON in {name}, such as {name}='[…]', or write the file"


def strange(model: type[BaseModel], prefix: str, document: Document) -> Iterator[Problem]:
    """Variables that are nearly a setting's; the names under which secrets stand are none of
    them.
    """
    known = {f"{prefix}{name}" for name in (*_settings(model), *_BESIDE)}
    used = set(_texts(document.data))
    for name in sorted(os.environ):
        if not name.startswith(prefix) or name.startswith(prefix + _DEMO) or name in used:
            continue
        if name not in known and not any(name.startswith(f"{each}__") for each in known):
            yield from near(name, model, prefix)


def near(name: str, model: type[BaseModel], prefix: str) -> Iterator[Problem]:
    """That a variable is nearly that of a setting."""
    known = (*_settings(model), *_BESIDE)
    for each in get_close_matches(name.removeprefix(prefix), known, n=1, cutoff=_NEAR):
        yield Problem(name, "no setting is called so", f"did you mean {prefix}{each}?")


def _settings(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """`WEB`, `WEB__PORT`, …: of every setting that is not in a list or a mapping."""
    for name, field in model.model_fields.items():
        variable = f"{above}{name.upper()}"
        yield variable
        below = [field.annotation, *get_args(field.annotation)]
        for each in below:
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield from _settings(each, f"{variable}__")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for each in data.values():
            yield from _texts(each)
    elif isinstance(data, list):
        for each in data:
            yield from _texts(each)
