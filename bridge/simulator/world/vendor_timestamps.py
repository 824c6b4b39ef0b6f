"""Moments as the vendor writes them: UTC, ISO 8601 with microseconds and a Z."""

import time
from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """Write a moment: `2026-03-01T12:34:56.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def moment(text: str) -> datetime:
    """Read any ISO 8601 date-time; one without an offset is taken as UTC. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def real_now() -> datetime:
    """Say what time it is outside: used for a new world's epoch and by the inbox, never inside the
    world.
    """
    return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251
