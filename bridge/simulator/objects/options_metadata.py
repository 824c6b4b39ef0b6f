"""What OPTIONS says: the framework's description of a resource, with the fields that who asks may
send.
"""

from typing import Any

from bridge.simulator.schema import kinds
from bridge.simulator.schema.accounts import Caller
from bridge.simulator.schema.field_types import Field
from bridge.simulator.schema.rest_framework import JSON, PARSED
from bridge.simulator.schema.routes import Route

_TYPES = {
    "string": "string",
    "key": "slug",
    "email": "email",
    "bool": "boolean",
    "int": "integer",
    "number": "float",
    "choice": "choice",
    "time": "datetime",
    "space": "nested object",
    "bonder": "nested object",
}


def described(route: Route, asker: Caller, *, exists: bool) -> dict[str, Any]:
    """Describe what a path leads to. `actions`: POST of lists, PUT of objects that are there, where
    the asker may.
    """
    body: dict[str, Any] = {
        "name": _title(route),
        "description": "",
        "renders": [JSON],
        "parses": list(PARSED),
    }
    actions = {}
    for method in ("POST", "PUT"):
        row = route.methods.get(method)
        if row is not None and row.takes:
            kind = kinds.of_operation(row)
        else:
            kind = None
        if row is not None and kind is not None and asker.may(row) and (method == "POST" or exists):
            actions[method] = _fields(kind)
    return body | ({"actions": actions} if actions else {})


def _title(route: Route) -> str:
    row = route.read or next(iter(route.methods.values()))
    prefix, _, verb = row.name.partition(".")
    words = prefix.replace("_", " ").title()
    return (
        f"{words}"
        f" { ({'list': 'List', 'get': 'Instance'}.get(verb) or verb.replace('_', ' ').title()) }"
    )


def _fields(kind: kinds.Kind) -> dict[str, Any]:
    if kind.name == "settings":  # the one object without id or address
        return {field.name: _described(field) for field in kind.fields}
    keys = [
        Field(name="id", type="int", read_only=True),
        Field(name="url", type="url", read_only=True),
    ]
    return {field.name: _described(field) for field in (*keys, *kind.fields)}


def _described(field: Field) -> dict[str, Any]:
    kind = _TYPES.get(field.type, "field")
    if field.many:
        if field.choices:
            kind = "multiple choice"
        else:
            kind = "list"
    said: dict[str, Any] = {
        "type": kind,
        "required": field.required,
        "read_only": field.read_only,
        "label": field.label,
    }
    if field.choices:
        said["choices"] = [
            {"value": word, "display_name": word.replace("_", " ").capitalize()}
            for word in field.choices
        ]
    if field.type == "string":
        said["max_length"] = int(field.most or 255)
    elif not field.read_only:
        limits = {"min_value": field.least, "max_value": field.most}
        said |= {name: limit for name, limit in limits.items() if limit is not None}
    return said
