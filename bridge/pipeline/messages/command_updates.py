"""Later answers: what comes of a command is told where it was said, once. Jobs like notices,
written with what they tell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping

from bridge.core.canonical_json import identity
from bridge.core.chat.reply import Tone
from bridge.core.decisions import retry
from bridge.core.durations import spoken
from bridge.core.model import (
    Decision,
    Event,
    Job,
    JobState,
    Json,
    Outcome,
    Reason,
    Ruling,
    Verdict,
)
from bridge.core.requests import ReplyRequest
from bridge.pipeline.messages import plan_view
from bridge.pipeline.messages.question_jobs import NOBODY, settled
from bridge.store.decisions import approvals, decisions
from bridge.store.decisions import jobs as job_store
from bridge.store.notifications import conversations
from bridge.store.observations import events as event_store

COMMAND = "chat.command"

_ENDS = {
    JobState.SUCCEEDED: ("done", Tone.GOOD),
    JobState.FAILED: ("failed", Tone.BAD),
    JobState.UNVERIFIED: ("done, and not seen to work", Tone.BAD),
    JobState.IN_DOUBT: ("nobody knows whether it took effect: somebody must look", Tone.BAD),
    JobState.SKIPPED: ("not done", Tone.BAD),
}


def decided(
    connection: Connection,
    made: Iterable[Decision],
    about: Mapping[str, Event],
    word: Callable[[str], str],
    now: datetime,
) -> None:
    """A rule has judged a command: that it waits, that somebody is asked, or that nothing comes of
    it.

    `about`: events by id; `word`: by which a command is confirmed where there are no buttons.
    """
    for decision in made:
        command = about.get(decision.event)
        if command is None or command.type != COMMAND or decision.verdict.ruling is Ruling.ACT:
            continue
        if not _talks(connection, command.id):
            continue
        verdict = decision.verdict
        told = _verdict(verdict)
        if verdict.ruling is Ruling.ASK:
            told = _question(connection, decision, word(command.id), now)
        elif verdict.reason in (Reason.COOLDOWN, Reason.OVERLAP):
            told = replace(told, lines=_unanswered(connection, decision, command.subject))
        _tell(connection, command, decision, (verdict.ruling, verdict.reason), told, now)


def ended(
    connection: Connection,
    job: Job,
    said: Outcome,
    detail: str,
    verdict: Verdict | None,
    now: datetime,
) -> None:
    """A call has ended, or has to wait for something."""
    if job.action != "call" or job.parent is not None or not _talks(connection, job.event):
        return
    waits = job.state is JobState.DUE and verdict is not None and verdict.ruling is Ruling.WAIT
    if job.state not in _ENDS and not waits:
        return
    if waits and verdict:
        told = _verdict(verdict)
    else:
        told = _end(job, said, detail)
    key: Sequence[Json] = (
        job.id,
        verdict.reason if waits and verdict else job.state,
        job.attempts if not waits else 0,
    )
    (command,) = event_store.several(connection, [job.event])
    plan = [*plan_view.shown(connection, [job])]
    _tell(connection, command, job, key, replace(told, lines=plan), now)


def answered(connection: Connection, row: RowMapping, owed: Sequence[Job], now: datetime) -> None:
    """A question about a command has its answer; anyone who confirms their own sees that where they
    say it.
    """
    own = [job for job in owed if job.parent is None]
    state = row["state"]
    who = row["who"] or NOBODY
    if not own or not _talks(connection, own[0].event):
        return
    if row["answered_by"] == approvals.ASKER and state != approvals.EXPIRED:
        return
    (command,) = event_store.several(connection, [own[0].event])
    if state == approvals.GRANTED:
        tone = Tone.GOOD
    else:
        tone = Tone.BAD
    _tell(
        connection,
        command,
        own[0],
        (row["id"], state),
        _said(settled(state, who), tone),
        now,
    )


def _talks(connection: Connection, event: str) -> bool:
    return conversations.get(connection, event) is not None


def _said(text: str, tone: Tone | None = None, *lines: str) -> ReplyRequest:
    """An answer; `_tell` says to which command."""
    return ReplyRequest(event="", text=text, tone=tone, lines=list(lines))


def _verdict(verdict: Verdict) -> ReplyRequest:
    if verdict.ruling is Ruling.WAIT:
        return _said(f"it waits: {verdict.detail}")
    return _said(f"not done: {verdict.detail or verdict.reason}", Tone.BAD)


def _question(connection: Connection, decision: Decision, word: str, now: datetime) -> ReplyRequest:
    """Whoever said it is asked whether they are sure; or is told who else is asked."""
    row = approvals.of_decision(connection, decision.id)
    if row is None:
        return _verdict(decision.verdict)
    until = f"without an answer in {spoken((row['expires_at'] - now).total_seconds())}: no"
    plan = plan_view.shown(connection, decision.jobs)
    if decision.verdict.reason is Reason.CONFIRMATION:
        question = {"approval": row["id"], "plan": row["digest"], "word": word}
        return replace(_said("are you sure?", None, *plan, until), question=question)
    name = row["id"][:8]
    others = row["answered_by"] == approvals.OTHERS
    if others:
        ways = f"not you: approve {name}; you may take it back: deny {name}"
    else:
        ways = f"approve {name}, or deny {name}"
    if others:
        who = "somebody else"
    else:
        who = "somebody"
    return _said(f"{who} must say yes: {row['detail']}", None, *plan, ways, until)


def _unanswered(connection: Connection, decision: Decision, subject: str) -> list[str]:
    """Where what stands in its way is a question: who is asked, and until when."""
    return [
        f"{row['asker'] or row['rule']} {asks}, until {row['expires_at']:%Y-%m-%d %H:%M} UTC"
        for row in approvals.waiting(connection)
        if (row["server"], row["rule"]) == (decision.server, decision.rule)
        and decisions.get(connection, row["decision"]).about == (decision.about or subject)
        for asks in (
            "is asked whether they are sure"
            if row["answered_by"] == approvals.ASKER
            else "waits for a yes or no",
        )
    ]


def _end(job: Job, said: Outcome, detail: str) -> ReplyRequest:
    text, tone = _ENDS[job.state]
    if said is Outcome.VERIFIED:
        text = "done, and seen to work"
    # of what went well nobody needs the server's own words
    well = job.state is JobState.SUCCEEDED or not detail
    return _said(text if well else f"{text}: {detail}", tone)


def _tell(
    connection: Connection,
    command: Event,
    of: Decision | Job,
    key: Sequence[Json],
    told: ReplyRequest,
    now: datetime,
) -> None:
    if isinstance(of, Decision):
        name = of.id
    else:
        name = of.decision
    chat = command.data["chat"]
    named = " ".join([str(chat["command"]), *map(str, chat["args"])])
    wanted = retry.default("reply", COMMAND)
    request = replace(told, event=command.id, text=f"{named}: {told.text}")
    job_store.add(
        connection,
        [
            Job(
                id=identity("reply", name, *key),
                decision=name,
                event=command.id,
                rule=of.rule,
                server=command.server,
                step=0,
                action="reply",
                request=request,
                retry=wanted,
                due_at=now,
                not_after=now + timedelta(seconds=wanted.until),
                parent=of.id,
            )
        ],
    )
