"""Domain time as a function of the machine's: the same for every process that is given the same
three numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """Domain time showed `domain` when the machine's clock showed `machine`, and runs `speed` times
    as fast.
    """

    machine: datetime
    domain: datetime
    speed: float

    def at(self, machine: datetime) -> datetime:
        """Domain time at this moment of the machine's."""
        return self.domain + (machine - self.machine) * self.speed

    def clock(self, machine: Callable[[], datetime]) -> Callable[[], datetime]:
        """A domain clock driven by the machine's."""
        return lambda: self.at(machine())


ORDINARY = Pace(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), 1.0)
