"""How many deliveries each webhook has taken lately. Only what was found genuine counts: a stranger
cannot use it up.
"""

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bridge.config import Bound


class Rates:
    """Counted in this process: one serves them all."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def spend(self, name: str, bound: Bound | None) -> float | None:
        """None if there was a place left, else the seconds until there is one at the latest."""
        if bound is None:
            return None
        item = RateLimitItemPerSecond(bound.most, max(1, round(bound.every)))
        if self._limiter.hit(item, name):
            return None
        return float(item.get_expiry())
