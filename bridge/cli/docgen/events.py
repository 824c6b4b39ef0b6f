"""`docs/events.md`, made from the event catalogue: `make docs`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bridge.cli.docgen.operations import table
from bridge.core.events.builder import EVENTS
from bridge.core.events.headlines import LINES, headline
from bridge.core.events.types import EventType
from bridge.core.model import Event

PLACE = Path(__file__).parents[3] / "docs" / "events.md"

_HEAD = """# Events

Made from the catalogue of events by `make docs`; [polling and incidents](polling-and-incidents.md)
says where they come from. **Reads as** is the line that people see. **Names** are the objects in an
event's data: rules use them as `leg.name`, `bond.space.key`, … An event of a change also has `old`
and `new` (the object before and after), `changed` (the fields that differ) and `between` (the two
polls it happened between). Every event carries [`known`](rules.md). Incoming webhooks are
`webhook.<name>`, with `body`. **Lasts until** names the events that end what a lasting event began;
the others are moments.

Each change is reported once: `<kind>.changed` is only about fields that no other event of that
change is about.
"""

_BY_KIND = "What people and programs change"
_CONCLUDED = "What the bridge concludes, and what it says of itself"

# what the line alone does not say
NOTES: Mapping[str, str] = {
    "leg.down": (
        "how it stands is carried through tests and states that do not say, which are no event of"
        " these"
    ),
    "leg.up": "after down or degraded",
    "leg.mode_changed": "active, idle, offline",
    "leg.flapping": "once per spell",
    "leg.stable": "the spell has ended",
    "bond.down": "by its active legs",
    "bond.on_failover_leg": "its own legs are down, a spare one carries it",
    "bond.failed_over": "it left its primary aggregator",
    "bond.restored": "it came back to its primary aggregator",
    "bond.moved": "any other change of its aggregator",
    "aggregator.failed": "the server says so; other words than up and down leave it open",
    "aggregator.suspected": "opens an incident, before the server says anything",
    "incident.opened": "of a provider, a space, or the whole server",
    "incident.ended": (
        "nine in ten of its legs are back, its aggregator is well, and nothing joined for two"
        " minutes"
    ),
    "bond_tuning.finished": "every end, with its outcome",
    "leg_tuning.finished": "every end, with its outcome",
    "speedtest.finished": "every end, with its outcome",
    "config_updates.stuck": "for ten minutes none got done",
    "tls.expiring": "30, 14, 7, 1 and 0 days before the end",
    "version.available": "the repository's version changed",
    "node.outdated": "another version than the repository's",
    "report.downtime_prevented": "the server has counted a new week or month",
    "backup.pending": "past its time",
    "backup.overdue": "past the grace",
    "scope.baseline": "what is there at the first poll is no event by itself",
    "scope.forbidden": "with the permission that is missing; once until it was granted",
    "scope.shrunk": "nothing is taken for deleted",
    "poll.slow": "a poll takes longer than its interval",
    "wire.unknown": "with a masked sample: types and lengths, never values",
    "alerts.truncated": "Alertmanager sent fewer alerts than it has; once an hour for each webhook",
    "server.unreachable": "after three failures in a row",
    "rulebook.rejected": "the rule files cannot be used",
    "action.in_doubt": "a person must look",
    "action.unverified": "the server answered well, and what was to come of it did not",
    "rule.tripped": "too many of its jobs failed",
    "rule.contradicted": "at run time, by priority",
    "chat.command": (
        "a person's command in chat: rules with `when: {chat: …}`; its nouns as far as it names any"
    ),
    "chat.refused": (
        "a command that came to nothing: not understood, not allowed, about what is not there"
    ),
    "schedule.due": "rules with `when: {schedule: …}`",
    "bridge.paused": "by a limit or a person; telling goes on",
    "internal.error": (
        "a fault of ours: once, until it was not seen for an hour; everything else goes on"
    ),
}


def text() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    groups: dict[str, list[EventType]] = {}
    for row in EVENTS.values():
        groups.setdefault(_section(row), []).append(row)
    for name, rows in groups.items():
        yield f"## {name}\n"
        yield from table(("event", "reads as", "names", "lasts until", "notes"), map(_line, rows))


def _section(row: EventType) -> str:
    if row.kind is None:
        return _CONCLUDED
    if row.name in LINES:
        return "What is watched closely"
    return _BY_KIND


def _line(row: EventType) -> tuple[str, ...]:
    nouns = ", ".join(f"`{noun}`" for noun in row.nouns)
    ends = ", ".join(f"`{name}`" for name in row.ends)
    return f"`{row.name}`", _reads(row), nouns, ends, NOTES.get(row.name, "")


def _reads(row: EventType) -> str:
    """The line with its gaps shown: `leg … of … is down`."""
    line = LINES.get(row.name)
    if line is not None:
        return re.sub(r"\{[^}]*\}", "…", line)
    nothing: Mapping[str, object] = {noun: {"name": "…", "id": "…"} for noun in row.nouns}
    never = datetime(2000, 1, 1, tzinfo=UTC)
    return headline(Event("", row.name, "", "…", never, never, nothing))


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
