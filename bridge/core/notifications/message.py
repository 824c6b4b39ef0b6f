"""What a message is, in no service's own form: a title, lines, and below them what is kept however
short it must be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

# an address as far as none of its characters can mean anything else, in any form; what follows it
# is only words
_ADDRESS = re.compile(
    r"(https?://(?:[A-Za-z0-9./:?=%+-]|&(?!#?\w*;)|(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))+)"
)
# what somebody may copy into a terminal, in words of ours
_COMMAND = re.compile(r"(\bbondbridge (?:ack|approve|events|incidents) [0-9a-f]{8,64}\b)")


class Look(StrEnum):
    """How a few words are shown, where the service can."""

    PLAIN = "plain"
    BOLD = "bold"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Part:
    """Words, never markup: anyone who shows them escapes them. `to`: an address of ours that they
    lead to, as a link.
    """

    text: str
    look: Look = Look.PLAIN
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `listed`: one of a list. `needed`: without it the message is of no use."""

    parts: tuple[Part, ...] = ()
    listed: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """`lines` are cut where it must be shorter, from the end; then the `foot`, its links last.

    `left`: how many are left out already. `rest`: where these are to be seen.
    """

    title: str
    lines: tuple[Line, ...] = ()
    foot: tuple[Line, ...] = field(default=())
    left: int = 0
    rest: str = ""


def said(text: str) -> tuple[Line, ...]:
    """Words as lines: each is one whatever it is made of, and what it names as a command is one."""
    return tuple(Line(tuple(_parts(printable(line)))) for line in text.splitlines())


def linked(label: str, to: str, *, needed: bool = False) -> Line:
    """A line that leads somewhere."""
    return Line((Part(label, to=to),), needed=needed)


def printable(text: str) -> str:
    """Without what does not print, such as marks that turn the direction of writing around."""
    return "".join(each if each.isprintable() else " " for each in text)


def addresses(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and of each whether it is an address: these are there to be opened, and
    stay as they are.
    """
    for n, piece in enumerate(_ADDRESS.split(text)):
        if piece:
            yield piece, n % 2 == 1


def _parts(line: str) -> Iterator[Part]:
    for n, piece in enumerate(_COMMAND.split(line)):
        if piece:
            yield Part(piece, Look.CODE if n % 2 else Look.PLAIN)
