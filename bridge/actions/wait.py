"""`wait`: nothing but time. A job that waits is a row with its due time; when it is tried, its wait is over."""

from bridge.actions.kinds import Result
from bridge.core.model import Body, Outcome, Repeat


class Wait:
    """`request`: `{"seconds": 600}` or `{"until": "02:00:00", "zone": "America/Vancouver"}`."""

    def repeat(self, request: Body) -> Repeat:
        """Waiting changes nothing."""
        del request
        return Repeat.READ

    def shows(self, request: Body) -> bool:
        """What it says of itself is all there is to see."""
        del request
        return False

    def provable(self, request: Body) -> bool:
        """There is nothing to see."""
        del request
        return False

    def look(self, server: str, request: Body) -> bool | None:
        """There is nothing to see."""
        del server, request
        return None

    def lasts(self, server: str, request: Body) -> float:
        """No time at all: the waiting is done."""
        del server, request
        return 0.0

    def against(self, server: str, request: Body) -> str | None:
        """Nothing."""
        del server, request
        return None

    def send(self, server: str, request: Body) -> Result:
        """The wait is over."""
        del server, request
        return Result(Outcome.DONE, "the wait is over")
