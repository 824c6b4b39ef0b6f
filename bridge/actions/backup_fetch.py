"""`backup.fetch`: the newest backup of a server, checked and kept in a folder of ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bridge.actions.action import FireAndForgetAction, Result, ended
from bridge.bonding.client import Client
from bridge.core.model import Outcome, Repeat
from bridge.core.requests import CallRequest
from bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class BackupDirectory:
    """Where a server's backups go, and how many of them stay."""

    directory: Path
    keep: int


class Fetch(FireAndForgetAction[CallRequest]):
    """A call without arguments. `places` by server; a server without one is refused."""

    def __init__(
        self,
        clients: Mapping[str, Client],
        places: Mapping[str, BackupDirectory],
        now: Callable[[], datetime],
    ) -> None:
        self._clients = clients
        self._places = places
        self._now = now

    def repeat(self, request: CallRequest) -> Repeat:
        """A second download is one file more, and the oldest goes."""
        del request
        return Repeat.SAFE

    def lasts(self, server: str, request: CallRequest) -> float:
        """As long as a download may."""
        del request
        if server in self._clients:
            return self._clients[server].longest_download
        return 0.0

    def send(self, server: str, request: CallRequest) -> Result:
        """Download, check, keep, and let the oldest go."""
        del request
        place = self._places.get(server)
        if place is None:
            return Result(
                Outcome.REFUSED,
                f"the settings of server {server!r} have no `backups: {{directory: …}}`",
            )
        to = place.directory / f"{server}-{self._now():%Y%m%dT%H%M%SZ}.zip"
        try:
            place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            size = self._clients[server].download("backup.latest", to)
            gone = _retire(place, server)
        except BridgeError as error:
            return ended(error)
        except OSError as error:
            return Result(Outcome.UNREACHABLE, f"{place.directory}: {error.strerror}")
        return Result(
            Outcome.DONE, f"{to.name}: {size} bytes" + (f"; {gone} older removed" if gone else "")
        )


def _retire(place: BackupDirectory, server: str) -> int:
    """Remove all but the newest of this server's; nothing that is not named as we name them."""
    ours = re.compile(re.escape(server) + r"-\d{8}T\d{6}Z\.zip")
    kept = sorted(
        (path for path in place.directory.iterdir() if ours.fullmatch(path.name)), reverse=True
    )
    for path in kept[place.keep :]:
        path.unlink(missing_ok=True)
    return len(kept[place.keep :])
