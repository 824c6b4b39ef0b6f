"""Later answers: what comes of a command is told where it was said, once. Jobs like notices,
written with what they tell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping

from bridge.core.canonical_json import identity
from bridge.core.chat.reply import Tone
from bridge.core.decisions import retry
from bridge.core.durations import spoken
from bridge.core.model import (
    Body,
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
            told = {**told, "lines": _unanswered(connection, decision, command.subject)}
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
    _tell(connection, command, job, key, {**told, "lines": plan_view.shown(connection, [job])}, now)


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
        {"text": settled(state, who), "tone": tone},
        now,
    )


def _talks(connection: Connection, event: str) -> bool:
    return conversations.get(connection, event) is not None


def _verdict(verdict: Verdict) -> Body:
    if verdict.ruling is Ruling.WAIT:
        return {"text": f"it waits: {verdict.detail}"}
    return {"text": f"not done: {verdict.detail or verdict.reason}", "tone": Tone.BAD}


def _question(connection: Connection, decision: Decision, word: str, now: datetime) -> Body:
    """The person who said it is asked whether they are sure; or is told who else is asked."""
    row = approvals.of_decision(connection, decision.id)
    if row is None:
        return _verdict(decision.verdict)
    until = f"without an answer in {spoken((row['expires_at'] - now).total_seconds())}: no"
    plan = plan_view.shown(connection, decision.jobs)
    if decision.verdict.reason is Reason.CONFIRMATION:
        question = {"approval": row["id"], "plan": row["digest"], "word": word}
        return {"text": "are you sure?", "lines": (*plan, until), "question": question}
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
    return {"text": f"{who} must say yes: {row['detail']}", "lines": (*plan, ways, until)}


def _unanswered(connection: Connection, decision: Decision, subject: str) -> Sequence[str]:
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


def _end(job: Job, said: Outcome, detail: str) -> Body:
    text, tone = _ENDS[job.state]
    if said is Outcome.VERIFIED:
        text = "done, and seen to work"
    # of what went well nobody needs the server's own words
    return {
        "text": text if job.state is JobState.SUCCEEDED or not detail else f"{text}: {detail}",
        "tone": tone,
    }


def _tell(
    connection: Connection,
    command: Event,
    of: Decision | Job,
    key: Sequence[Json],
    told: Body,
    now: datetime,
) -> None:
    if isinstance(of, Decision):
        name = of.id
    else:
        name = of.decision
    chat = command.data["chat"]
    named = " ".join([str(chat["command"]), *map(str, chat["args"])])
    wanted = retry.default("reply", COMMAND)
    request = {
        "event": command.id,
        **told,
        "text": f"{named}: {told['text']}",
        "lines": list(told.get("lines") or ()),
    }
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
