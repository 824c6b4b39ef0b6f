"""What every action can do: send a request, and where possible look whether an earlier one took
effect.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from bridge.core.model import Outcome, Repeat
from bridge.core.requests import Request
from bridge.errors import AgainLater, BadInput, BridgeError, CredentialsRejected, InDoubt, Refused

# what an action is asked for; which action a job has says which request it carries
Wanted_contra = TypeVar("Wanted_contra", bound=Request, contravariant=True)


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended, and what to tell a person about it; `wait`: the seconds the other side
    asks for.

    `mend`: it will not be taken before somebody has mended the settings.
    """

    outcome: Outcome
    detail: str = ""
    wait: float | None = None
    mend: bool = False

    @property
    def became(self) -> str:
        """The outcome of a try in one word, for who looks after the settings."""
        if self.mend:
            return "misconfigured"
        return str(self.outcome)


# the address or what it is opened with is wrong: a person must mend it, and until then it is tried
# now and then
MISCONFIGURED = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410})
_MEND_EVERY = 300.0


def misconfigured(
    said: str, check: str = "check this address and its credentials in the settings"
) -> Result:
    """What becomes of a message where it was answered so."""
    return Result(Outcome.UNREACHABLE, f"{said}: {check}", _MEND_EVERY, mend=True)


def ended(error: BridgeError) -> Result:
    """How an attempt ended that raised this. Raises it again where it is none of the other
    side's.
    """
    if isinstance(error, InDoubt):
        return Result(Outcome.UNKNOWN, str(error))
    if isinstance(error, AgainLater | CredentialsRejected):
        # nothing was done; a server may come back, and a password be mended, while the job is still
        # worth it
        return Result(Outcome.UNREACHABLE, str(error), getattr(error, "wait", None))
    if isinstance(error, Refused | BadInput):
        return Result(Outcome.REFUSED, str(error))
    raise error


class Action(Protocol[Wanted_contra]):
    """One way to act. `request` is a job's, rendered; `server` the one it is for."""

    def repeat(self, request: Wanted_contra) -> Repeat:
        """What sending the same request again would do."""

    def shows(self, request: Wanted_contra) -> bool:
        """Whether its effect must show after it was answered well: what does not is then told as
        not verified.
        """

    def provable(self, request: Wanted_contra) -> bool:
        """Whether `look` can tell."""

    def lasts(self, server: str, request: Wanted_contra) -> float:
        """Seconds that one try may take at most: so long nobody else may take it for lost."""

    def against(self, server: str, request: Wanted_contra) -> str | None:
        """What the other side itself says against it, where that can be read with certainty. Raises
        AgainLater.
        """

    def send(self, server: str, request: Wanted_contra) -> Result:
        """Do it. Raises nothing of the network's: every end has an outcome."""

    def look(self, server: str, request: Wanted_contra) -> bool | None:
        """Whether it has taken effect; None if that does not show. Raises AgainLater when it cannot
        be read now.
        """


class FireAndForgetAction(Action[Wanted_contra]):
    """An action that nothing shows of: what it says of itself is all there is to know, and so it is
    safe to repeat.
    """

    def repeat(self, request: Wanted_contra) -> Repeat:
        """The same again does no harm."""
        del request
        return Repeat.SAFE

    def shows(self, request: Wanted_contra) -> bool:
        """There is nothing to see."""
        del request
        return False

    def provable(self, request: Wanted_contra) -> bool:
        """Nobody can be asked."""
        del request
        return False

    def lasts(self, server: str, request: Wanted_contra) -> float:
        """Long before a lease runs out it is over."""
        del server, request
        return 0.0

    def against(self, server: str, request: Wanted_contra) -> str | None:
        """Nothing to be read."""
        del server, request
        return None

    def look(self, server: str, request: Wanted_contra) -> bool | None:
        """Unknown, always."""
        del server, request
        return None
