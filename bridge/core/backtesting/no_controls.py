"""What people and settings say: a dry run knows nothing of it."""

from collections.abc import Sequence
from datetime import datetime

from bridge.core.decisions.fact_source import (
    FactSource,
    NotificationState,
    Pause,
    Silence,
    TrippedBreaker,
)
from bridge.core.model import Json


class NoControls(FactSource):
    """Nothing is paused, silenced or switched off, and nobody has answered anything."""

    def spaces(self, server: str) -> Sequence[str] | None:
        """Rules may act everywhere."""
        return None

    def tripped(self, rule: str, server: str) -> TrippedBreaker | None:
        """No circuit breaker has tripped."""
        return None

    def paused(self, server: str) -> Pause | None:
        """Nothing is paused."""
        return None

    def silence(self, event: str) -> Silence | None:
        """Nothing is silenced."""
        return None

    def was_silenced(self, decision: str, job: str) -> bool | None:
        """Nothing was silenced."""
        return None

    def answered(self, question: str) -> str | None:
        """Nobody has answered yet."""
        return None

    def notification(self, job: str) -> NotificationState | None:
        """Nothing is known of notifications: none is sent."""
        return None

    def updates(self, server: str) -> str | None:
        """The state of configuration updates is not known."""
        return None

    def shaken(self, server: str, bond: Json, since: datetime) -> str | None:
        """No leg has gone down."""
        return None
