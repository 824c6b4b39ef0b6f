"""What each service takes: text, Markdown or HTML, how long, and how urgent; by the names of
Apprise's plug-ins.

A plug-in says which forms it can send; the address may choose another of them (`?format=`), and
that holds. Apprise's own conversions between forms are never used: what they make of names and
links is neither.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from bridge.core.notifications.mentions import unmentioned
from bridge.core.notifications.message import Line, Look, Message, Part, said
from bridge.core.notifications.render import html, text
from bridge.core.notifications.render import markdown as as_markdown
from bridge.core.notifications.render.markdown import Flavour
from bridge.core.notifications.truncation import fitting

if TYPE_CHECKING:  # 17 MB: only where something is told
    from apprise import NotifyBase

# read by programs: what they show it in is theirs to say
_PROGRAMS = frozenset({"NotifyJSON", "NotifyXML", "NotifyForm", "NotifyAppriseAPI", "NotifyAMQP"})
# these show Markdown though Apprise takes what they are sent for text
_RENDERS = frozenset(
    {"NotifyMattermost", "NotifyDiscord", "NotifyGuilded", "NotifyRevolt", "NotifyZulip"}
)
# in these an @ before a word calls somebody, Markdown or not
_CALLS = frozenset({"NotifyMatrix", "NotifyTelegram", "NotifySlack"})
# a mail is text, too, for those who read it so: Apprise makes it of the HTML, without where links
# lead
_ALSO_TEXT = frozenset({"NotifyEmail"})
# these show what they call a title as the first line of the rest, or as Markdown of their own
_FIRST_LINE = frozenset({"NotifyDiscord", "NotifyGuilded", "NotifyRevolt", "NotifyWorkflows"})
_FLAVOURS: Mapping[str, Flavour] = {
    "NotifyMattermost": Flavour.ENTITIES,
    **dict.fromkeys(
        (
            "NotifySlack",
            "NotifyGoogleChat",
            "NotifyRocketChat",
            "NotifyZulip",
            "NotifyCliq",
            "NotifyWhapi",
            "NotifyEvolution",
        ),
        Flavour.CODED,
    ),
}
# nobody reads on; a section of Slack's takes so much; ntfy makes a file of what has more bytes
_MOST = 10_000
_LESS = {"NotifySlack": 3000}
_BYTES = {"NotifyNtfy": 3800}
_TITLE = 150
# how urgent a service's own words for it are, when it is critical: ntfy rings until it is seen,
# Pushover past its quiet hours
_URGENT: Mapping[str, str | int] = {"NotifyNtfy": "max", "NotifyGotify": 8, "NotifyPushover": 1}
_NAMES_PRIORITY = re.compile(r"[?&]priority=[^&]", re.IGNORECASE)
_WANTS_TEXT = re.compile(r"[?&]format=text\b", re.IGNORECASE)


class Form(StrEnum):
    """How words are written, in Apprise's names for it."""

    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a service gets it. `form`: what Apprise is to take it for, so that it changes
    nothing.
    """

    title: str
    body: str
    form: Form


def shown(message: Message, service: "NotifyBase", url: str) -> Shown:
    """The message in the form of this service, no longer than it takes in one."""
    name = type(service).__name__
    form = _form(service)
    markdown = form == Form.MARKDOWN or name in _RENDERS
    write = _writer(
        name, form, markdown=markdown, bare=markdown and _WANTS_TEXT.search(url) is not None
    )
    inside = service.title_maxlen <= 0 or name in _FIRST_LINE
    title, lines = titled(message, _TITLE if inside else min(_TITLE, service.title_maxlen))
    if not inside:
        message = replace(message, lines=lines or (() if message.foot else said(title)))
        return Shown(
            _still(name, title, form), fitting(message, write, *_room(service, form)), form
        )
    heading = Line((Part(title, Look.BOLD),))
    body = fitting(replace(message, lines=lines), _below(heading, write), *_room(service, form))
    return Shown("", body, form)


def titled(message: Message, most: int) -> tuple[str, tuple[Line, ...]]:
    """A title that fits on a phone; where it says less than it was, the lines begin with all of
    it.
    """
    if len(message.title) <= most:
        return message.title, message.lines
    again = any(
        "".join(part.text for part in line.parts) == message.title for line in message.lines[:1]
    )
    return message.title[: most - 1] + "…", (
        message.lines
        if again
        else (
            *said(message.title),
            *message.lines,
        )
    )


def urge(service: "NotifyBase", url: str) -> None:
    """What is critical is urgent there, where the service knows such a thing and its address says
    nothing of it.
    """
    urgent = _URGENT.get(type(service).__name__)
    if urgent is not None and not _NAMES_PRIORITY.search(url):
        service.priority = urgent  # type: ignore[attr-defined]  # these plug-ins have one


def _form(service: "NotifyBase") -> Form:
    """The form that shows most, of those that the plug-in has; one that the address chose is the
    only one.
    """
    forms = list(Form)
    if type(service).__name__ in _PROGRAMS:
        forms.reverse()
    return next(
        (form for form in forms if service.resolve_format(form.value).value == form.value),
        Form.TEXT,
    )


def _writer(
    name: str, form: Form, *, markdown: bool, bare: bool
) -> Callable[[Sequence[Line]], str]:
    if markdown and form != Form.HTML:
        return partial(
            as_markdown.written, flavour=_FLAVOURS.get(name, Flavour.BACKSLASH), bare=bare
        )
    if form == Form.HTML:
        return partial(html.written, spelled=name in _ALSO_TEXT, calls=name in _CALLS)
    return partial(text.written, calls=name in _CALLS)


def _still(name: str, title: str, form: Form) -> str:
    """A title by itself is text, whatever stands below it."""
    if form == Form.MARKDOWN or name in _RENDERS | _CALLS:
        return unmentioned(title)
    return title


def _below(
    heading: Line, write: Callable[[Sequence[Line]], str]
) -> Callable[[Sequence[Line]], str]:
    return lambda lines: write([heading, *lines])


def _room(service: "NotifyBase", form: Form) -> tuple[Callable[[str], int], int]:
    """How long a text is there, after what the plug-in makes of it, and how long it may be."""
    from apprise import NotifyFormat  # noqa: PLC0415  the same

    name = type(service).__name__
    takes = NotifyFormat(form)
    if name in _BYTES:
        return lambda text: len(text.encode()), min(_BYTES[name], service.body_maxlen)
    return lambda text: len(service.dialect_convert(text, takes)), min(
        _LESS.get(name, _MOST), service.body_maxlen
    )
