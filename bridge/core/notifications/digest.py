"""One message of one notice or of many: short title, the first lines, the rest as a count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bridge.core.durations import spoken
from bridge.core.model import Body
from bridge.core.notifications.channel_policy import Notice, Severity
from bridge.core.requests import MANY, NoticeRequest

_SHOWN = 20
_TYPES = 6
_WIDEST = 200
_WORDS = {Severity.INFO: "info", Severity.WARNING: "warning"}
# where those are that a message of many leaves out
REST = "bondbridge events"


def of(to: str, target: int, notes: Sequence[Notice]) -> NoticeRequest:
    """The message of several notices at one destination of a channel; of one, just that.

    Many are told by how many of which and by their titles, the worst first. What is over is counted
    apart: it must not read as if it had just begun.
    """
    begun = [note for note in notes if not note.over]
    severity = _WORDS.get(max(note.severity for note in begun or notes), "critical")
    if len(notes) == 1:
        return NoticeRequest(
            to=to,
            target=target,
            title=notes[0].title,
            body=notes[0].body,
            severity=severity,
            over=not begun,
            event=MANY,
        )
    notes = sorted(notes, key=lambda note: (note.over, -note.severity))
    return NoticeRequest(
        to=to,
        target=target,
        title=f"{len(notes)} notices: {_counted(notes)}",
        body=_oldest(begun or notes),
        severity=severity,
        over=not begun,
        event=MANY,
        notices=[
            {"title": _cut(note.title), "event": note.event, "takes": note.takes}
            for note in notes[:_SHOWN]
        ],
        left=max(len(notes) - _SHOWN, 0),
    )


def over(request: NoticeRequest, title: str) -> NoticeRequest:
    """The same of what is over by the time it is told: no alarm, and nothing that anybody could
    take.
    """
    return replace(request, follow=None, take=None, title=title, over=True)


def taken(request: NoticeRequest, who: str) -> NoticeRequest:
    """The same of what somebody has by the time it is told: nobody need take it, and it is not told
    again.
    """
    body = f"acknowledged by {who}\n{request.body}".rstrip()
    return replace(request, follow=None, take=None, body=body)


def ahead(event: str, follow: Body | None) -> str:
    """What is done while it lasts, and how somebody keeps that from happening; "" where nothing
    is.
    """
    repeat = (follow or {}).get("repeat_every")
    escalate = (follow or {}).get("escalate")
    if repeat:
        again = [f"told again every {spoken(repeat)} while it lasts"]
    else:
        again = []
    if escalate:
        others = [f"{escalate['to']} is told after {spoken(escalate['after'])}"]
    else:
        others = []
    if again or others:
        return f"{', '.join([*again, *others])}, unless somebody acknowledges: {taking(event)}"
    return ""


def taking(event: str) -> str:
    """The command that says that one has it."""
    return f"bondbridge ack {event[:8]}"


def _counted(notes: Sequence[Notice]) -> str:
    """How many of which, the kind of the worst first, what is over last."""
    names = ["resolved" if note.over else note.type for note in notes]
    worst = {name: note.severity for name, note in reversed(list(zip(names, notes, strict=True)))}
    counts = sorted(
        Counter(names).items(), key=lambda each: (each[0] == "resolved", -worst[each[0]], -each[1])
    )
    others = sum(count for _, count in counts[_TYPES:])
    return ", ".join(
        [
            *(f"{count} {name}" for name, count in counts[:_TYPES]),
            *([f"{others} others"] if others else []),
        ]
    )


def _oldest(notes: Sequence[Notice]) -> str:
    known = [note.since for note in notes if note.since is not None]
    if known:
        return f"the oldest since {min(known):%Y-%m-%d %H:%M} UTC"
    return ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _WIDEST:
        return line
    return line[: _WIDEST - 1] + "…"
