"""Plain data: what JSON has and every database stores. What comes from outside is made so at the
door.

Python reads NaN, Infinity and halves of surrogate pairs as JSON, and expressions give times and
bytes; each of them would stop a transaction much later, far from where it came in.
"""

import json
import math
import re
from datetime import datetime, timedelta

from bridge.core.canonical_json import identity
from bridge.core.durations import spoken
from bridge.core.model import Json

# Deeper than any honest answer, shallower than what a database, a template or Python itself trips
# over.
DEEPEST = 40

# Of an id, a key or a name that others chose, in characters of four bytes at most: PostgreSQL
# indexes no row of 2,704 bytes.
LONGEST_KEY = 300
# of an object's id, which stands in keys beside other words
LONGEST_ID = 200
_CUT = "…"
_DIGEST = 24

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# how JSON spells them; nearly no answer does, and then none of its strings need be looked at
_SPELT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class TooDeep(ValueError):
    """More levels than anything here is made for."""

    def __init__(self) -> None:
        super().__init__("nested too deeply")


class TwiceNamed(ValueError):
    """One object has two values of one name: two readers may take another one each."""

    def __init__(self) -> None:
        super().__init__("one name stands twice in an object")


def decoded(content: bytes, *, strict: bool = False) -> Json:
    """JSON text as plain data; characters that cannot be stored become �. Raises ValueError, also
    for what is too deep.

    `strict`: of what strangers send no name may stand twice in an object (TwiceNamed).
    """
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    if strict:
        pairs = _each_once
    else:
        pairs = None
    try:
        value = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=pairs
        )
        _measured(value, DEEPEST)
    except RecursionError as error:
        raise TooDeep from error
    if _clean(text):
        return value
    return _cleaned(value)


def _each_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TwiceNamed
    return found


def plain(value: Json) -> Json:
    """What an expression gave, as plain data: times as text. Raises ValueError for what JSON has no
    word for.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return spoken(value.total_seconds())
    if isinstance(value, dict):
        return {str(name): plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [plain(below) for below in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that can be kept")
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"{type(value).__name__} is nothing that can be kept")


def bounded(text: str, most: int = LONGEST_KEY) -> str:
    """A key of somebody else's, no longer than an index can hold: what is cut off stands there as a
    digest.

    Of two keys that differ the bounded ones differ; one that is bounded already stays as it is.
    """
    if len(text) <= most:
        return text
    return f"{text[: most - len(_CUT) - _DIGEST]}{_CUT}{identity(text)[:_DIGEST]}"


def fits(number: Json) -> bool:
    """Whether it is a whole number that every database stores."""
    return isinstance(number, int) and -(2**63) <= number < 2**63


def storable(text: str) -> str:
    """The same text, with � for what cannot be stored: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("�", text)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isfinite(number):
        return number
    return _no_number(text)


def _measured(value: Json, depth: int) -> None:
    """Raises TooDeep. What holds nothing is not called for: there are a hundred numbers and words
    for each list.
    """
    if not isinstance(value, dict | list):
        return
    if value and not depth:
        raise TooDeep
    for below in value.values() if isinstance(value, dict) else value:
        if isinstance(below, (dict, list)):
            _measured(below, depth - 1)


def _clean(text: str) -> bool:
    """Whether no string that this text spells has anything that cannot be stored."""
    if _SPELT.search(text):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): _cleaned(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_cleaned(below) for below in value]
    return value
