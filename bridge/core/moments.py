"""Moments as people read them: to the minute, in UTC."""

import re
from datetime import UTC, datetime

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def minute(text: str) -> str:
    """`"2026-03-01T02:00:04.5+00:00"` → `"2026-03-01 02:00 UTC"`; what is no moment stays as it is."""
    if not _MOMENT.fullmatch(text):
        return text
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # such as a 31st of February
        return text
    return f"{at:%Y-%m-%d %H:%M} UTC"
