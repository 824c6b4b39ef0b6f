"""The error tree, by what the caller can do about it.

BridgeError
├── AgainLater            nothing happened; the same thing may work later
│   ├── Unreachable       the other side did not answer, or not in a way that can be used
│   │   └── Busy          it asks to be left alone for a while
│   ├── Garbled           half an answer, or an unreadable one: no snapshot is made of it
│   └── LeaseLost         somebody else has taken this work over
├── Refused               the other side said no, and will say it again
│   ├── CredentialsRejected
│   └── Forbidden         it knows us, and we may not
├── InDoubt               it may or may not have happened
├── BadInput              a person wrote something unusable: where, what, and how to fix it
└── Bug                   ours
"""

from collections.abc import Iterable
from dataclasses import dataclass


class BridgeError(Exception):
    """Anything bondbridge itself raises."""


class AgainLater(BridgeError):
    """Nothing happened; the same thing may work later."""


class Unreachable(AgainLater):
    """No usable answer, and certainly nothing done."""


class Busy(Unreachable):
    """Nothing done, and it asks for time: `wait` seconds, None where it does not say how many."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Garbled(AgainLater):
    """An answer that cannot be trusted to be whole."""


class LeaseLost(AgainLater):
    """The lease ran out and somebody else may be at it."""


class Refused(BridgeError):
    """A definite no. `status` is the HTTP status where there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class CredentialsRejected(Refused):
    """The server does not accept the user or the password."""


class Forbidden(Refused):
    """The user lacks a permission: `needs` is the one, such as "view legs"."""

    def __init__(self, message: str, needs: str, status: int | None = None) -> None:
        super().__init__(message, status)
        self.needs = needs


class InDoubt(BridgeError):
    """The request may or may not have taken effect."""


class Bug(BridgeError):
    """Something that cannot happen did."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what a person wrote. `line` and `column` count from 1; 0 means unknown.

    `excerpt`: the line as it is written, and below it a caret.
    """

    where: str
    what: str
    mend: str = ""
    key: str = ""
    line: int = 0
    column: int = 0
    excerpt: str = ""

    def __str__(self) -> str:
        place = (
            self.where
            + (f":{self.line}" if self.line else "")
            + (f":{self.column}" if self.column else "")
        )
        if self.key:
            named = f" {self.key}:"
        else:
            named = ""
        quoted = "".join(f"\n    {line}" for line in self.excerpt.splitlines())
        return f"{place}:{named} {self.what}" + (f" ({self.mend})" if self.mend else "") + quoted


class BadInput(BridgeError):
    """Every problem found at once, so that a person mends a file in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
