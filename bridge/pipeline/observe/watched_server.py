"""One management server as the pipeline sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bridge.bonding import scopes
from bridge.bonding.client import Client


@dataclass(frozen=True, slots=True)
class Watched:
    """`intervals`: seconds between polls by timing, and `tunings_running` for bonds that are being
    tuned.

    `every`: seconds by a glob of scope names, before any of those; `off`: globs of scopes that are
    not polled. `ignore`: fields by kind that are no change. `rate`: polls begun in a second (None:
    as many as are due), `concurrency`: polls under way at once, over all workers.
    """

    name: str
    client: Client
    intervals: Mapping[str, float]
    backup_every: float
    backup_grace: float
    every: Mapping[str, float] = field(default_factory=dict)
    off: tuple[str, ...] = ()
    ignore: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rate: float | None = None
    concurrency: int = 4

    def interval(self, scope: str, *, running: bool = False) -> float:
        """Seconds until the scope is polled again; `running`: something in it is not over yet."""
        for pattern, seconds in self.every.items():
            if fnmatchcase(scope, pattern):
                return seconds
        timing = scopes.address(scope).family.timing
        return self.intervals["tunings_running" if running else timing]

    def wanted(self, scope: str) -> bool:
        """Whether it is polled at all. A scope of a kind that no version knows any more is not."""
        if any(fnmatchcase(scope, pattern) for pattern in self.off):
            return False
        try:
            scopes.address(scope)
        except KeyError:
            return False
        return True
