"""`wait`: nothing but time. A job that waits is a row with its due time; when it is tried, its wait
is over.
"""

from bridge.actions.action import FireAndForgetAction, Result
from bridge.core.model import Outcome
from bridge.core.requests import WaitRequest


class Wait(FireAndForgetAction[WaitRequest]):
    """Nothing is done: when the job is due, its wait is over."""

    def send(self, server: str, request: WaitRequest) -> Result:
        """The wait is over."""
        del server, request
        return Result(Outcome.DONE, "the wait is over")
