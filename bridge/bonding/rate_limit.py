"""The request budget of one server, shared by every process through Redis where there is one.

What Redis holds here may be lost: without it each process takes its share on its own, and nothing
fails.
"""

import math
import time
from collections.abc import Callable

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from bridge.errors import Busy

_STEP = 0.05  # seconds between two looks whether there is room
LONGEST = 20.0  # less than any lease, so that anyone who waits still holds what they claimed
_TIMEOUT = 1.0
_WITHOUT = 100  # tokens taken without asking a Redis that did not answer


class Budget:
    """At most `rate` requests a second to the server `name`. `share`: how many processes divide it
    where they share nothing.

    `broker`: a Redis URL or None. Calling it waits for room, at most 20 s, and raises Busy where
    there is none.
    """

    def __init__(
        self,
        name: str,
        rate: float,
        *,
        broker: str | None = None,
        share: int = 1,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._sleep = sleep
        self._whole = _item(rate)
        self._part = _item(rate / share)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        shared = _shared(broker)
        self._shared = MovingWindowRateLimiter(shared) if shared else None
        self._without = 0

    def __call__(self) -> None:
        """Take one token, waiting for it."""
        for _ in range(math.ceil(LONGEST / _STEP)):
            if self._take():
                return
            self._sleep(_STEP)
        msg = f"no room in the request budget of {self._name} for {LONGEST:.0f}s"
        raise Busy(msg, _STEP)

    def _take(self) -> bool:
        self._without = max(self._without - 1, 0)
        if self._shared is not None and not self._without:
            try:
                return self._shared.hit(self._whole, "bondbridge", self._name)
            except (RedisError, OSError):
                self._without = _WITHOUT  # meanwhile this process keeps to its own share
        return self._own.hit(self._part, "bondbridge", self._name)


def _item(rate: float) -> RateLimitItem:
    """`10` → ten in each second; `0.4` → one in each three."""
    if rate >= 1:
        return RateLimitItemPerSecond(int(rate))
    return RateLimitItemPerSecond(1, math.ceil(1 / rate))


def _shared(broker: str | None) -> Storage | None:
    """None for a broker that is no single Redis, or not there."""
    if not broker:
        return None
    if broker.startswith("unix://"):
        url = f"redis+{broker}"
    else:
        url = broker.replace("redis+socket://", "redis+unix://")
    try:
        return RedisStorage(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
    # whatever it does not like about the URL: the budget is then kept without it
    except Exception:  # noqa: BLE001
        return None
