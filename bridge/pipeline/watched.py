"""One management server as the pipeline sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.bonding.client import Client


@dataclass(frozen=True, slots=True)
class Watched:
    """`intervals`: seconds between polls by family of scopes, and `tunings_running` for bonds that are being tuned."""

    name: str
    client: Client
    intervals: Mapping[str, float]
    backup_every: float
    backup_grace: float
