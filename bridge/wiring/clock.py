"""The machine's clock, read here and nowhere else."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def machine_time() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)
