"""What can be said: a command's name, what it takes, who may say it; those that are built in, and
finding one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.core.chat.roles import Role


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `takes`: as in a rule, or what a person reads of one that is built in; `rule`:
    the one that it is.
    """

    name: str
    takes: tuple[str, ...]
    role: Role
    help: str
    rule: str | None = None

    @property
    def usage(self) -> str:
        """`"mode LEG active|idle"`; a tuning is named by its bond."""
        words = ("bond" if each == "tuning" else each for each in self.takes)
        return " ".join(
            [
                self.name,
                *(each.upper() if each.isalpha() and each.islower() else each for each in words),
            ]
        )


_ROWS = (
    Command("help", (), Role.VIEWER, "what can be said here"),
    Command("status", (), Role.VIEWER, "how everything stands"),
    Command("legs down", (), Role.VIEWER, "legs that are down or degraded"),
    Command("bond", ("name",), Role.VIEWER, "one bond, its legs, and where it is"),
    Command("why", ("event",), Role.VIEWER, "what came of an event or a command, and why"),
    Command(
        "ack",
        ("event",),
        Role.OPERATOR,
        "you have what an event is about: it is not told again, nor to others",
    ),
    Command("approvals", (), Role.VIEWER, "what people are asked"),
    Command("approve", ("id",), Role.OPERATOR, "say yes to a question"),
    Command("deny", ("id",), Role.OPERATOR, "say no to a question"),
    Command("yes", ("word",), Role.VIEWER, "you are sure: the word is in the question"),
    Command("no", ("word",), Role.VIEWER, "you are not sure"),
    Command("pause", ("[why]",), Role.OPERATOR, "stop all acting; needs the role everywhere"),
    Command("resume", (), Role.OPERATOR, "let acting go on; needs the role everywhere"),
    Command(
        "silence",
        ("name", "for 2h [why]|off"),
        Role.OPERATOR,
        "tell nothing of a bond, a leg or a space for a while",
    ),
    Command(
        "hands-off",
        ("bond", "for 1h [why]|off"),
        Role.OPERATOR,
        "you work on a bond: nothing is done to it",
    ),
)

BUILT_IN: Mapping[str, Command] = {row.name: row for row in _ROWS}


def found(
    words: Sequence[str], known: Mapping[str, Command]
) -> tuple[Command, Sequence[str]] | None:
    """The command that these words begin with, of two words before one, and the words after it."""
    for size in (2, 1):
        if len(words) >= size:
            command = known.get(" ".join(words[:size]).casefold())
        else:
            command = None
        if command is not None:
            return command, words[size:]
    return None


def near(words: Sequence[str], known: Mapping[str, Command]) -> str:
    """`"did you mean 'restart'?"`, or nothing."""
    for size in (2, 1):
        close = get_close_matches(" ".join(words[:size]).casefold(), list(known), n=1)
        if close:
            return f"did you mean {close[0]!r}?"
    return ""
