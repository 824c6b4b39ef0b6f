"""One message of one notice or of many: short title, the first lines, the rest as a count."""

from collections import Counter
from collections.abc import Sequence

from bridge.core.durations import spoken
from bridge.core.model import Body
from bridge.core.telling.policy import Note, Severity

_SHOWN = 20
_TYPES = 6
_WIDEST = 200
_WORDS = {Severity.INFO: "info", Severity.WARNING: "warning"}


def of(notes: Sequence[Note]) -> Body:
    """`{"title", "body", "severity", "over"}`; many are told by how many of which and by their titles, the worst first.

    What is over is counted apart: it must not read as if it had just begun.
    """
    begun = [note for note in notes if not note.over]
    severity = _WORDS.get(max(note.severity for note in begun or notes), "critical")
    if len(notes) == 1:
        return {"title": notes[0].title, "body": notes[0].body, "severity": severity, "over": not begun}
    counted = sorted(
        Counter("over" if note.over else note.type for note in notes).most_common(), key=lambda each: each[0] == "over"
    )
    notes = sorted(notes, key=lambda note: (note.over, -note.severity))
    kinds = [f"{count} {name}" for name, count in counted[:_TYPES]]
    others = sum(count for _, count in counted[_TYPES:])
    more = [f"{others} others"] if others else []
    lines = [f"- {_cut(note.title)}" for note in notes[:_SHOWN]]
    rest = [f"… and {len(notes) - _SHOWN} more: bondbridge events"] if len(notes) > _SHOWN else []
    return {
        "title": f"{len(notes)} notices: {', '.join([*kinds, *more])}",
        "body": "\n".join([*lines, *rest]),
        "severity": severity,
        "over": not begun,
    }


def ahead(event: str, follow: Body | None) -> str:
    """What is done while it lasts, and how somebody keeps that from happening; "" where nothing is."""
    repeat, escalate = (follow or {}).get("repeat_every"), (follow or {}).get("escalate")
    again = [f"told again every {spoken(repeat)} while it lasts"] if repeat else []
    others = [f"{escalate['to']} is told after {spoken(escalate['after'])}"] if escalate else []
    return f"{', '.join([*again, *others])}, unless somebody has it: bondbridge ack {event[:8]}" if again or others else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"
