"""What people in chat can ask at any time: read from the database at once, and only of the spaces
that they may see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.core.chat import views
from bridge.core.chat.commands import Command
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import UnknownObject
from bridge.core.chat.principal import Principal
from bridge.core.chat.reply import Reply
from bridge.core.chat.roles import Role
from bridge.core.durations import spoken
from bridge.core.events.headlines import headline
from bridge.core.job_summary import asks
from bridge.core.model import Body, Event, JobState, Reason, Ruling, Verdict
from bridge.pipeline.chat import visibility
from bridge.pipeline.messages import plan_view
from bridge.store import controls
from bridge.store.decisions import approvals
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from bridge.store.views import journal

_SHORT = 8
_DETAIL = 200


@dataclass(frozen=True, slots=True)
class QueryContext:
    """One question: who asks about which server, what they see of it, the words after the command,
    all commands there are.
    """

    connection: Connection
    server: str
    asker: Principal
    fleet: Inventory
    words: Sequence[str]
    commands: Mapping[str, Command]
    now: datetime


def help_(at: QueryContext) -> Reply:
    """What can be said by this person."""
    highest = at.asker.highest or Role.VIEWER
    mine = [each for each in at.commands.values() if each.role <= highest]
    return views.help_of(
        sorted(mine, key=lambda each: (each.rule is None, each.name)), highest.word
    )


def status(at: QueryContext) -> Reply:
    """How everything stands."""
    health = snapshots.health_of(at.connection).get(at.server, "unknown")
    more = [f"paused by {row['who']}: {row['why']}" for row in _pauses(at)]
    if health != "ok":
        newest = snapshots.newest_success(at.connection, at.server)
        more.append(
            f"what follows is from {newest:%Y-%m-%d %H:%M} UTC"
            if newest
            else "nothing has been seen yet"
        )
    waiting = len(_questions(at))
    if waiting:
        more.append(f"{_waiting(waiting)} for a person: approvals")
    return views.status(at.server, health.replace("_", " "), at.fleet, more)


def legs_down(at: QueryContext) -> Reply:
    """Legs that are down or degraded."""
    return views.legs_down(at.fleet)


def bond(at: QueryContext) -> Reply:
    """One bond. Raises UnknownObject."""
    if not at.words:
        raise UnknownObject("bond takes a name: bond NAME")
    return views.bond(at.fleet, at.fleet.named("bond", " ".join(at.words)))


def why(at: QueryContext) -> Reply:
    """One event's story, in short. Raises UnknownObject."""
    if len(at.words) == 1:
        beginning = at.words[0].lower()
    else:
        beginning = ""
    if not beginning:
        raise UnknownObject("why takes the id of an event, or its beginning: why 3f9a2c1d")
    found = event_store.several(at.connection, journal.find(at.connection, "events", beginning))
    seen = [event for event in found if visibility.sees(at.connection, at.asker, event, at.now)]
    if len(seen) != 1:
        raise UnknownObject(
            f"several events have an id that begins with {beginning!r}"
            if seen
            else f"no event {beginning!r}"
        )
    story = journal.story(at.connection, seen[0].id) or {}
    lines = [line for decision in story.get("decisions", ()) for line in _decision(decision)]
    if not lines:
        lines = [
            (
                "no rule listens to it"
                if story.get("decided") or _only_said(at, seen[0])
                else "it is not decided yet"
            )
        ]
    has_it = sorted({each["acked_by"] for each in story.get("tellings", ()) if each["acked_by"]})
    return Reply(
        headline(seen[0]),
        views.cut([*(f"{who} acknowledged it" for who in has_it), *lines]),
        event=seen[0].id,
    )


def _only_said(at: QueryContext, event: Event) -> bool:
    """Whether it is no rule's command: one that is built in, or was refused."""
    command = at.commands.get(str((event.data.get("chat") or {}).get("command")))
    return event.type == "chat.refused" or (
        event.type == "chat.command" and command is not None and command.rule is None
    )


def questions(at: QueryContext) -> Reply:
    """What people are asked."""
    rows = _questions(at)
    if not rows:
        return Reply("nobody is asked anything")
    lines = []
    for row, plan in rows:
        left = spoken(max(0.0, (row["expires_at"] - at.now).total_seconds()))
        lines.append(
            f"{row['id'][:_SHORT]} {row['rule']} asks, for {left}: {row['detail']}:"
            f" {', '.join(plan)}"
        )
    return Reply(f"{_waiting(len(rows))}: approve ID, or deny ID", views.cut(lines))


LOOKS: Mapping[str, Callable[[QueryContext], Reply]] = {
    "help": help_,
    "status": status,
    "legs down": legs_down,
    "bond": bond,
    "why": why,
    "approvals": questions,
}


def _pauses(at: QueryContext) -> list[Body]:
    return [
        dict(row)
        for row in controls.paused(at.connection)
        if row["server"] in (controls.EVERYWHERE, at.server)
    ]


def _waiting(count: int) -> str:
    if count == 1:
        return "1 question waits"
    return f"{count} questions wait"


def _questions(at: QueryContext) -> list[tuple[Body, Sequence[str]]]:
    """Open questions whose every object may be seen, each with what it asks about."""
    found: list[tuple[Body, Sequence[str]]] = []
    for row in approvals.waiting(at.connection):
        held = [
            job
            for job in job_store.of_decision(at.connection, row["decision"])
            if job.state is JobState.HELD
        ]
        if row["server"] == at.server and visibility.sees_all(
            at.connection, at.asker, at.server, held, at.now
        ):
            found.append((dict(row), plan_view.shown(at.connection, held, 3)))
    return found


def _decision(row: Body) -> list[str]:
    verdict = Verdict(Ruling(row["ruling"]), Reason(row["reason"]) if row["reason"] else None)
    lines = [_short(f"rule {row['rule']}: {verdict} {row['detail']}")]
    # what was told of it, here and elsewhere, is no news
    for job in (each for each in row["jobs"] if each["parent"] is None or each["action"] == "call"):
        if job["tried"]:
            tried = job["tried"][-1]
        else:
            tried = None
        if tried:
            said = f", {tried['outcome'] or 'on its way'} {tried['detail'] or ''}".rstrip()
        else:
            said = ""
        said += _last(row, job)
        lines.append(
            _short(
                f"{asks(job['action'], job['request'])}:"
                f" {str(job['state']).replace('_', ' ')}{said}"
            )
        )
    return lines


def _last(row: Body, job: Body) -> str:
    """What was last said about a job: why it waits, why it was not tried, who said yes."""
    mine = [
        each["detail"] for each in row["verdicts"] if each["job"] == job["id"] and each["detail"]
    ]
    if mine:
        return f"; {mine[-1]}"
    return ""


def _short(text: str) -> str:
    text = text.rstrip()
    if len(text) <= _DETAIL:
        return text
    return f"{text[:_DETAIL]}…"
