"""`wait`: nothing but time. A job that waits is a row with its due time; when it is tried, its wait
is over.
"""

from bridge.actions.action import FireAndForgetAction, Result
from bridge.core.model import Body, Outcome


class Wait(FireAndForgetAction):
    """`request`: `{"seconds": 600}` or `{"until": "02:00:00", "zone": "America/Vancouver"}`."""

    def send(self, server: str, request: Body) -> Result:
        """The wait is over."""
        del server, request
        return Result(Outcome.DONE, "the wait is over")
