"""When a request was made, for platforms that date theirs."""

from datetime import UTC, datetime

from bridge.errors import Refused

_DIGITS = 11  # of a time any machine can express


def whole_seconds(text: str) -> int | None:
    """Seconds since 1970 as they are written in a header; None for anything but digits, and not too
    many of them.
    """
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    return None


def check_fresh(stamp: int, now: datetime, tolerance: float) -> None:
    """Raises Refused(401) for what is older, or further in the future, than is tolerated."""
    if abs((now - datetime.fromtimestamp(stamp, UTC)).total_seconds()) > tolerance:
        raise Refused(f"the timestamp is more than {tolerance:.0f} s from now", 401)
