"""Fields of what came in: each is there and of its kind, or the request is refused by the name of
the field.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from bridge.core.json_safety import storable
from bridge.core.model import Body, Json
from bridge.errors import Refused
from bridge.webhooks.chat_text import cut, one_line
from bridge.webhooks.platform import Named

_MOST_FIELDS = 100
_LONGEST_ID = 128
_LONGEST_NAME = 100


def form(body: bytes) -> dict[str, str]:
    """The fields of a form. Raises Refused(400) for what is none, and for one that says two things
    of the same name.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise Refused("the body is not a form in UTF-8", 400) from error
    fields = {storable(name): storable(value) for name, value in pairs}
    if len(fields) != len(pairs):
        raise Refused("the form has two fields of the same name", 400)
    return fields


def text(body: Body, *path: str) -> str:
    """A text that must be there. Raises Refused(400)."""
    value = below(body, *path)
    if not isinstance(value, str) or not value:
        raise Refused(f"`{'.'.join(path)}` is missing, or no text", 400)
    return value


def known(body: Body, *path: str) -> str:
    """The id of a person or a room. Raises Refused(400): it is never cut, since another's could be
    left.
    """
    value = text(body, *path)
    if len(value) > _LONGEST_ID or not value.isprintable():
        raise Refused(
            f"`{'.'.join(path)}` is no id: longer than {_LONGEST_ID} characters, or not printable",
            400,
        )
    return value


def named(known_as: str, name: Json) -> Named:
    """A person or a room; without a name it is called by its id."""
    return Named(
        known_as,
        cut(one_line(name), _LONGEST_NAME) if isinstance(name, str) and name.strip() else known_as,
    )


def below(body: Body, *path: str) -> Json:
    """What stands under names within names; None where any of it is missing."""
    value: Json = body
    for name in path:
        if isinstance(value, Mapping):
            value = value.get(name)
        else:
            value = None
    return value
