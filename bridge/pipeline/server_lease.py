"""The lease under which one server's events are decided, while that goes on in pieces: time bounds
a piece, not a count.
"""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from bridge.store.database import Database
from bridge.store.observations import events as event_store

# if a worker dies with it, deciding waits no longer than this
LONG = 15.0
# shares of it: far less than the whole, so that a machine that is busy keeps it too
_RENEWED_AFTER = 0.2
_PIECE = 0.15
# for one kind of work, before others have their turn: other kinds, and other servers
_TURN = 10.0


class Lease:
    """`seconds`: how long it is ours from each renewal on; `ticking`: the machine's, of which only
    differences count.
    """

    def __init__(
        self,
        database: Database,
        server: str,
        fence: int,
        seconds: float = LONG,
        ticking: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self.fence = fence
        self.seconds = seconds
        self._database = database
        self._ticking = ticking
        self._kept = self._began = self._turned = ticking()

    def keep(self) -> None:
        """Between two pieces of work: where a while has passed it is begun anew. Raises
        LeaseLost.
        """
        if self._ticking() - self._kept < _RENEWED_AFTER * self.seconds:
            return
        with self._database.writing() as connection:
            self.hold(connection)

    def hold(self, connection: Connection) -> None:
        """Begun anew in a transaction that writes something else besides. Raises LeaseLost."""
        event_store.keep_deciding(connection, self.server, self.fence, self.seconds)
        self._kept = self._ticking()

    def turn(self) -> None:
        """Another kind of work has its turn."""
        self._turned = self._ticking()

    def over(self) -> bool:
        """Whether this kind of work had its turn: what is left waits for the next bell."""
        return self._ticking() - self._turned >= _TURN

    def begin(self) -> None:
        """A piece begins."""
        self._began = self._ticking()

    def enough(self) -> bool:
        """Whether this piece has taken so long that what it came to is written before the next."""
        return self._ticking() - self._began >= _PIECE * self.seconds
