"""`hours(event.time, "mon-fri", "09:00", "17:00", "America/Vancouver")`: whether a moment lies
within hours of a day.

A window of `guard` makes a decision wait until it opens; this is a condition, so that outside of
the hours it is a skip.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from pydantic import ValidationError

from bridge.core.model import Json
from bridge.core.rules import time_windows
from bridge.core.rules.models.guard import WindowModel
from bridge.core.rules.rule import Window

_QUOTED = r"""\s*,\s*(?:"([^"\\]*)"|'([^'\\]*)')"""
_CALL = re.compile(rf"""\bhours\s*\((?:[^()"']|\([^()]*\))*?{_QUOTED * 4}\s*\)""")
_MEND = 'hours(event.time, "mon-fri", "09:00", "17:00", "America/Vancouver")'


def hours(moment: Json, days: str, begins: str, ends: str, zone: str) -> bool:
    """Whether the moment, as ISO 8601 text or a timestamp, is in this window. Raises ValueError."""
    if isinstance(moment, datetime):
        at = moment
    else:
        at = datetime.fromisoformat(str(moment))
    return time_windows.opens([_window(days, begins, ends, zone)], at) is None


def wrong(source: str) -> Iterator[str]:
    """One sentence for each `hours(…)` in an expression that says no hours: so that it is found
    when a rule is loaded.
    """
    calls = [
        [double or single for double, single in _pairs(found)] for found in _CALL.finditer(source)
    ]
    if len(calls) < len(re.findall(r"\bhours\s*\(", source)):
        yield f"hours takes a moment, and days, times and zone in quotes: {_MEND}"
    for days, begins, ends, zone in calls:
        try:
            _window(days, begins, ends, zone)
        except ValueError as error:
            yield f"hours: {error}"


def _pairs(found: re.Match[str]) -> Iterator[tuple[str, str]]:
    groups = [part or "" for part in found.groups()]
    yield from zip(groups[::2], groups[1::2], strict=True)


@lru_cache(maxsize=500)
def _window(days: str, begins: str, ends: str, zone: str) -> Window:
    """Days as in a window, several of them with commas between: `"mon, wed"`. Raises ValueError, in
    one sentence.
    """
    written = {
        "days": [each.strip() for each in days.split(",")],
        "from": begins,
        "to": ends,
        "zone": zone,
    }
    try:
        window = WindowModel.model_validate(written)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    return Window(window.days, window.begins, window.ends, window.zone)
