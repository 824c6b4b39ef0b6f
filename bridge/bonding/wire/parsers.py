"""The vendor's single values in our words: references, times, numbers, in whatever form they are
written.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bridge.core.model import Body, Json

_TRUTH = {"true": True, "false": False, "yes": True, "no": False}
_NAMING = ("key", "name", "display_name", "value")


def reference(value: Json) -> int | None:
    """The id in any form the server writes references: a URL, an object, a number, or digits."""
    if isinstance(value, dict):
        value = value.get("id", value.get("url"))
    if isinstance(value, str):
        value = last_part(value)
    try:
        if isinstance(value, bool):
            return None
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def references(value: Json) -> list[Json] | None:
    """Many references, sorted, since the server may list them in any order; what has no id goes by
    its name.
    """
    if value is None:
        return None
    found = [_named(each) for each in (value if isinstance(value, list) else [value])]
    return sorted({each for each in found if each is not None}, key=str)


def _named(value: Json) -> Json:
    found = reference(value)
    if found is not None:
        return found
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMING if isinstance(value.get(name), str)), None)
    if isinstance(value, str):
        return value
    return None


def codes(value: Json) -> list[str] | None:
    """A list of words, or a mapping whose keys are the words, sorted."""
    if isinstance(value, dict):
        return sorted(map(str, value))
    if not isinstance(value, list):
        return None
    return sorted(
        {
            str(each.get("codename", each.get("url"))) if isinstance(each, dict) else str(each)
            for each in value
        }
    )


def space(value: Json) -> Body:
    """Nested `{name, key, url}`, or a URL that ends in the key, or the key."""
    return {
        "key": space_key(value),
        "name": text(value.get("name")) if isinstance(value, dict) else None,
    }


def space_key(value: Json) -> str | None:
    """The key of a space in any form it is referred to; None for none."""
    if isinstance(value, dict):
        value = value.get("key") or value.get("url")
    if isinstance(value, str):
        return last_part(value) or None
    return None


def last_part(address: str) -> str:
    """`"https://host/api/v4/bonds/3/"` → `"3"`; a word is its own last part."""
    return address.rstrip("/").rpartition("/")[2]


def moment(value: Json) -> str | None:
    """A time of the vendor's as ISO 8601 in UTC; None for none, or for what is no time."""
    time = instant(value)
    if time:
        return time.isoformat()
    return None


def instant(value: Json) -> datetime | None:
    """The same as a moment in UTC; a time without a zone is taken for UTC."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(value: Json) -> float | None:
    """A number, also as text."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if math.isfinite(found):
        return found
    return None


def whole(value: Json) -> int | None:
    """A whole number, also as text; 5.0 is 5, and 5.5 is none."""
    if isinstance(value, bool):
        found = None
    else:
        found = number(value)
    if found is not None and found == int(found):
        return int(found)
    return None


def text(value: Json) -> str | None:
    """Anything as text; only null is none."""
    if value is None:
        return None
    return str(value)


def flag(value: Json) -> bool | None:
    """Yes or no, also as a word."""
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value.lower()) if isinstance(value, str) else None


def free(value: Json) -> Json:
    """Whatever stands there; nothing is an empty mapping."""
    return value or {}


def advice(value: Json) -> Json:
    """What a tuning recommends: which legs and their speeds in our words, all else, and what is no
    such list, as it is.
    """
    if not isinstance(value, dict) or not isinstance(value.get("legs"), list):
        return free(value)
    return {
        **value,
        "legs": [_of_leg(each) if isinstance(each, dict) else each for each in value["legs"]],
    }


def _of_leg(raw: Mapping[str, Json]) -> Body:
    told = {
        "leg": reference(first(raw, ("leg", "leg_id"))),
        "down_speed": number(first(raw, ("down_speed", "download_speed"))),
        "up_speed": number(first(raw, ("up_speed", "upload_speed"))),
    }
    return {**raw, **{name: said for name, said in told.items() if said is not None}}


def first(raw: Mapping[str, Json], names: Iterable[str]) -> Json:
    """The first of these fields that says something."""
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def numbers(value: Json) -> dict[str, int]:
    """`{"pending": 2}`, or a list of `{"status": "pending", "count": 2}`, as names and whole
    numbers.
    """
    if isinstance(value, list):
        value = {
            str(first(each, ("status", "name", "state"))): each.get("count")
            for each in value
            if isinstance(each, dict)
        }
    if isinstance(value, dict):
        counted = {str(name): whole(count) for name, count in value.items()}
    else:
        counted = {}
    return {name: count for name, count in counted.items() if count is not None}


def words(text_: str) -> frozenset[str]:
    """`"up down"` → a set of two words."""
    return frozenset(text_.split())


def inside(pattern: str, value: Json) -> str | None:
    """What the first group of a pattern finds in a text."""
    if isinstance(value, str):
        found = re.search(pattern, value)
    else:
        found = None
    if found:
        return found[1]
    return None
