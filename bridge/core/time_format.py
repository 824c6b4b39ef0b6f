"""Moments as people read them: to the minute, in UTC; and what is shown of them where people have
clocks of their own.

Texts are made and kept in UTC, since what was decided must come out the same under other settings.
Anyone who shows one to people shows its moments in the time zone of the settings.
"""

import re
from datetime import UTC, datetime, tzinfo

from bridge.core.model import Json

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_WRITTEN = re.compile(r"\b(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC\b")


def minute(text: str) -> str:
    """`"2026-03-01T02:00:04.5+00:00"` → `"2026-03-01 02:00 UTC"`; what is no moment stays as it
    is.
    """
    if not _MOMENT.fullmatch(text):
        return text
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # such as a 31st of February
        return text
    return f"{at:%Y-%m-%d %H:%M} UTC"


def in_zone(text: str, zone: tzinfo) -> str:
    """`"until 2026-07-01 02:00 UTC"` → `"until 2026-07-01 04:00 CEST"`, for every moment that
    stands in a text.
    """
    if zone is UTC:
        return text
    return _WRITTEN.sub(lambda found: _there(found, zone), text)


def _there(found: re.Match[str], zone: tzinfo) -> str:
    try:
        at = datetime.fromisoformat(f"{found[1]} {found[2]}+00:00").astimezone(zone)
    except (ValueError, OverflowError):
        return found[0]
    if found[2].count(":") > 1:
        seconds = ":%S"
    else:
        seconds = ""
    return at.strftime(f"%Y-%m-%d %H:%M{seconds} %Z")


def all_in_zone(value: Json, zone: tzinfo) -> Json:
    """Plain data with every text in it so."""
    if isinstance(value, str):
        return in_zone(value, zone)
    if isinstance(value, dict):
        return {name: all_in_zone(below, zone) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [all_in_zone(below, zone) for below in value]
    return value
