"""What every action can do: send a request, and where possible look whether an earlier one took effect."""

from dataclasses import dataclass
from typing import Protocol

from bridge.core.model import Body, Outcome, Repeat


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended, and what to tell a person about it."""

    outcome: Outcome
    detail: str = ""


class Action(Protocol):
    """One way to act. `request` is a job's, rendered; `server` the one it is for."""

    def repeat(self, request: Body) -> Repeat:
        """What sending the same request again would do."""

    def provable(self, request: Body) -> bool:
        """Whether `look` can tell."""

    def send(self, server: str, request: Body) -> Result:
        """Do it. Raises nothing of the network's: every end has an outcome."""

    def look(self, server: str, request: Body) -> bool | None:
        """Whether it has taken effect; None if that does not show. Raises AgainLater when it cannot be read now."""
