"""What a field of a configured object is, and how what a client sends for it is read: the
framework's rules and texts.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_YES = frozenset({True, "true", "True", "t", "on", "1"})
_NO = frozenset({False, "false", "False", "f", "off", "0"})
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")
_EMAIL = re.compile(r"[^@\s:]+@[^@\s:]+\.[^@\s.:]+")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of one kind.

    `type`: a key of READERS, or one of `ref`, `space` (which `references` reads), or of what is
    only written: `time`, `json`, `bonder`. `of`: the kinds a reference may name, `many` of them or
    one. `written`: a reference is its `url`, or `nested`. `unique`: within the "server", the
    "space" or the "parent"; `taken` is what is said otherwise. `fixed`: why it cannot be changed
    once it is set. `gone`: what becomes of the object when what this field names is deleted:
    "protect", "cascade" or "clear". `attribute`: where a thing of its own class keeps it.
    `worked_out`: a function of world and thing instead of something kept. `least`, `most`: of
    numbers; of texts, `most` is their length. `version`: the only IP version there can be.
    `pattern`: what a text must look like, all of it.
    """

    name: str
    type: str = "string"
    required: bool = False
    default: Any = None
    null: bool = False
    blank: bool = True
    read_only: bool = False
    write_only: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    many: bool = False
    written: str = "url"
    unique: str = ""
    taken: str = "This field must be unique."
    fixed: str = ""
    gone: str = "protect"
    attribute: str = ""
    worked_out: Callable[..., Any] | None = None
    least: float | None = None
    most: float | None = None
    version: int | None = None
    pattern: str = ""

    @property
    def label(self) -> str:
        """The name for people: `Circuit id`."""
        return self.name.replace("_", " ").capitalize()


def read(field: Field, value: object) -> Any:
    """Turn what was sent for a field into what is kept. ValueError with the framework's text."""
    if value is None or (value == "" and field.null):
        if field.null:
            return None
        raise ValueError("This field may not be null.")
    if field.many:
        if not isinstance(value, list):
            raise ValueError(f'Expected a list of items but got type "{type(value).__name__}".')
        return [READERS[field.type](field, item) for item in value]
    return READERS[field.type](field, value)


def _string(field: Field, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("Not a valid string.")  # noqa: TRY004
    text = str(value).strip()
    if not text and not field.blank:
        raise ValueError("This field may not be blank.")
    most = int(field.most or 255)
    if len(text) > most:
        raise ValueError(f"Ensure this field has no more than {most} characters.")
    if text and field.pattern and not re.fullmatch(field.pattern, text):
        raise ValueError("Enter a valid value.")
    return text


def _bool(_: Field, value: object) -> bool:
    for truth, words in ((True, _YES), (False, _NO)):
        if isinstance(value, str | int) and value in words:
            return truth
    raise ValueError(f'"{value}" is not a valid boolean.')


def _int(field: Field, value: object) -> int:
    text = re.sub(r"\.0*$", "", str(value))
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise ValueError("A valid integer is required.")
    return int(_within(field, int(text)))


def _number(field: Field, value: object) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            number = math.nan
        else:
            number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("A valid number is required.")
    return _within(field, number)


def _within(field: Field, number: float) -> float:
    if field.least is not None and number < field.least:
        raise ValueError(f"Ensure this value is greater than or equal to {field.least:g}.")
    if field.most is not None and number > field.most:
        raise ValueError(f"Ensure this value is less than or equal to {field.most:g}.")
    return number


def _choice(field: Field, value: object) -> str:
    if not isinstance(value, str) or value not in field.choices:
        raise ValueError(f'"{value}" is not a valid choice.')
    return value


def _of_version(field: Field, version: int) -> None:
    if field.version not in (None, version):
        raise ValueError(f"Only IPv{field.version} is possible here.")


def _ip(field: Field, value: object) -> str:
    try:
        found = ipaddress.ip_address(_text(value))
    except ValueError:
        raise ValueError("Invalid IP address.") from None
    _of_version(field, found.version)
    return str(found)


def _ip_prefix(field: Field, value: object) -> str:
    try:
        found = ipaddress.ip_interface(_text(value))
    except ValueError:
        raise ValueError("Invalid IP address.") from None
    _of_version(field, found.version)
    return str(found)


def _network(field: Field, value: object) -> str:
    try:
        found = ipaddress.ip_interface(_text(value))
    except ValueError:
        raise ValueError("Invalid CIDR address.") from None
    if found.ip != found.network.network_address:
        raise ValueError("Must be a network address.")
    _of_version(field, found.version)
    return str(found.network)


def _mac(_: Field, value: object) -> str:
    if not _MAC.fullmatch(_text(value)):
        raise ValueError("Invalid MAC address.")
    return _text(value).lower().replace("-", ":")


def _email(_: Field, value: object) -> str:
    if not _EMAIL.fullmatch(_text(value)):
        raise ValueError("Enter a valid email address.")
    return _text(value)


def _key(_: Field, value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError("This field may not be blank.")
    if not _KEY.fullmatch(text):
        raise ValueError(
            'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'
        )
    return text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return ""


READERS: dict[str, Callable[[Field, Any], Any]] = {
    "string": _string,
    "bool": _bool,
    "int": _int,
    "number": _number,
    "choice": _choice,
    "ip": _ip,
    "ip_prefix": _ip_prefix,
    "network": _network,
    "mac": _mac,
    "email": _email,
    "key": _key,
}
