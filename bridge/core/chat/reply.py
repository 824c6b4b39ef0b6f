"""What is said in a chat room, in no platform's own format: a platform shows it in its own."""

from dataclasses import dataclass, field
from enum import StrEnum


class Tone(StrEnum):
    """How a button, or a whole answer, is meant."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `value` comes back when it is: nobody else's guess may be worth
    anything.
    """

    label: str
    value: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Reply:
    """Plain text, never markup: anyone who shows it escapes it, since names in it come from other
    people's servers.

    `text`: what it comes to, one line. `lines`: the rest, one thing each. `event`: the id that
    `why` takes. `to_all`: everybody in the room sees it, else only who asked. `replaces`: it takes
    the place of the message with the buttons. `link`: an address of ours to open; an address in the
    text is only words, and nothing makes a link of it.
    """

    text: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = field(default=())
    event: str | None = None
    tone: Tone = Tone.PLAIN
    to_all: bool = False
    replaces: bool = False
    link: str | None = None
