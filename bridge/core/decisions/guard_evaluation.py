"""The guards on what a rule would do about what it met, and what comes of their verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.decisions import guards, job_planning
from bridge.core.decisions.evaluation import Meeting, per_value
from bridge.core.decisions.fact_source import moment
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import ACT, Intent
from bridge.core.decisions.job_requests import UNWRITTEN
from bridge.core.model import Event, Job, JobState, Mode, Reason, Ruling, Verdict
from bridge.core.rules import time_windows
from bridge.core.rules.rule import Overlap


def member(meeting: Meeting) -> Verdict | None:
    """What stands against one event by itself: whom it explains, where it is, the cooldown."""
    for name, verdict in (
        ("explained", guards.explained(meeting.event, meeting.rule)),
        ("space", guards.space(meeting.event, meeting.rule, meeting.facts)),
    ):
        if verdict:
            meeting.say(f"guard {name}", "stops", verdict.detail)
            return verdict
    return _cooldown(meeting)


def joined(meeting: Meeting) -> Verdict | None:
    """What stands against one of a group that is complete."""
    against = member(meeting)
    if against is None and not meeting.rule.calls:
        against = guards.hushed(meeting.event, meeting.facts)
        if against:
            meeting.say("guard silence", str(against), against.detail)
    return against


def over_by_then(events: Sequence[Event], facts: RecordingFacts) -> Mapping[str, Verdict]:
    """Of what is told together: those that were over before it could be, unless that are all of
    them.
    """
    ends = {event.id: moment(facts.ended(event.id)) for event in events}
    over = {name: end for name, end in ends.items() if end is not None}
    if len(over) == len(events):
        return {}
    return {
        name: Verdict(Ruling.SKIP, Reason.ENDED, f"it ended at {end:%Y-%m-%d %H:%M:%S} UTC")
        for name, end in over.items()
    }


def _cooldown(meeting: Meeting) -> Verdict | None:
    limit = meeting.rule.guard.cooldown
    if limit is None:
        return None
    per = per_value(limit.per, meeting.scene)
    key = guards.cooldown_key(meeting.rule, meeting.event.server, per, meeting.mode)
    meeting.cooldowns.append(key)
    cooling = guards.cooldown(
        limit.every, key, meeting.decision, meeting.facts, meeting.situation.now
    )
    if cooling:
        says = cooling.detail
    else:
        says = "free"
    meeting.say("guard cooldown", says, "the whole rule" if per is None else f"per {per}")
    return cooling


def guarded(meeting: Meeting) -> Verdict | None:
    """What it would do, and every guard on it, in their order."""
    now = meeting.situation.now
    ripe = meeting.ripe or meeting.event.time
    if meeting.event.only is not None:  # it began long ago, and is so now
        ripe = max(ripe, meeting.event.seen_at)
    opens = time_windows.opens(meeting.rule.guard.windows, now)
    if opens:
        ripe = max(ripe, opens)
    occasion = job_planning.Occasion(
        meeting.rule, meeting.decision, meeting.events, meeting.facts, now, ripe, meeting.scene
    )
    _plan(meeting, job_planning.planned(occasion))
    _needs_approval(meeting)
    # what its group has in common, or the object of its event
    meeting.about = meeting.about or ("" if meeting.rule.group else meeting.event.subject)
    intent = Intent(
        meeting.rule,
        meeting.event.server,
        meeting.events,
        meeting.decision,
        meeting.facts,
        now,
        ripe,
        meeting.jobs,
        about=meeting.about,
    )
    verdict = _late(meeting, ripe) or _each_guard(meeting, intent) or ACT
    return _moded(meeting, _too_long(meeting, verdict))


def _plan(meeting: Meeting, made: job_planning.Plan) -> None:
    """What it would do; what of it cannot be done or written is a line of the trace each."""
    meeting.jobs = made.jobs
    meeting.left_out = made.left_out
    for why in made.left_out:
        meeting.say("step", "left out", why)
    texts = {text: None for job in made.jobs for text in job.request.get(UNWRITTEN, {}).items()}
    for name, why in texts:
        meeting.say("text", "could not be written", name, why)


def _calls(meeting: Meeting) -> bool:
    """Whether anything is called: what only tells has guards of its own."""
    return any(job.action == "call" for job in meeting.jobs)


def _too_long(meeting: Meeting, verdict: Verdict) -> Verdict:
    """A wait that ends when nothing is worth doing any more is no wait."""
    calls = [job.not_after for job in meeting.jobs if job.action == "call"]
    if (
        verdict.ruling is not Ruling.WAIT
        or meeting.due_at is not None
        or not calls
        or verdict.until is None
    ):
        return verdict
    if verdict.until <= max(calls):
        return verdict
    return Verdict(
        Ruling.SKIP,
        Reason.EXPIRED,
        f"it would have to wait longer than it is worth doing: {verdict.detail}",
    )


def _late(meeting: Meeting, ripe: datetime) -> Verdict | None:
    calls = [job for job in meeting.jobs if job.action == "call"] or list(meeting.jobs)
    if not calls:
        return None
    not_after = max(job.not_after for job in calls)
    late = guards.expired(meeting.situation.now, not_after)
    meeting.say(
        "guard expired",
        "too late" if late else "in time",
        f"until {not_after.isoformat()}, from {ripe.isoformat()}",
    )
    return late


def _needs_approval(meeting: Meeting) -> None:
    wanted = meeting.rule.guard.approval
    if wanted is not None:
        needed = wanted.condition is None or wanted.condition.holds(meeting.scene)
        meeting.facts.note_approval(needed=needed)


def _each_guard(meeting: Meeting, intent: Intent) -> Verdict | None:
    for name, guard in guards.DECIDING if _calls(meeting) else guards.TELLING:
        verdict = guard(intent)
        meeting.say(
            f"guard {name}",
            str(verdict) if verdict else "lets through",
            verdict.detail if verdict else "",
        )
        if verdict is None:
            continue
        if verdict.reason is Reason.OVERLAP and verdict.ruling is Ruling.WAIT:
            meeting.due_at = verdict.until
        return verdict
    return None


def _moded(meeting: Meeting, verdict: Verdict) -> Verdict:
    """Mode is judged last, so that a dry run shows which guard would have stopped it, and what it
    would have sent.
    """
    if verdict.ruling is Ruling.SKIP or meeting.due_at is not None:
        return verdict
    wanted = [{"action": job.action, **job.request} for job in meeting.jobs]
    meeting.say(
        "mode", "would do" if meeting.mode is Mode.DRY_RUN else "does", meeting.mode, wanted
    )
    if meeting.mode is Mode.DRY_RUN:
        if verdict.ruling is Ruling.ACT:
            but = ""
        else:
            but = f"; before that {verdict}: {verdict.detail}"
        return Verdict(
            Ruling.SKIP, Reason.DRY_RUN, f"it would have acted: its rule is in dry_run{but}"
        )
    if meeting.rule.overlap is Overlap.RESTART:
        rule, server = meeting.rule.id, meeting.event.server
        running = meeting.facts.running(rule, server, meeting.about) or ()
        meeting.supersedes = tuple(each for each in running if each != meeting.decision)
    meeting.jobs = tuple(
        _as_ruled(job, verdict, "call" if _calls(meeting) else job.action) for job in meeting.jobs
    )
    return verdict


def _as_ruled(job: Job, verdict: Verdict, waits: str) -> Job:
    """A job of a decision that asks is held until the answer; of one that waits it is due then, if
    it is one that `waits`.

    Notices beside calls go on.
    """
    if verdict.ruling is Ruling.ASK:
        return replace(job, state=JobState.HELD)
    if (
        verdict.ruling is Ruling.WAIT
        and job.state is JobState.DUE
        and job.action == waits
        and verdict.until is not None
    ):
        return replace(job, due_at=max(job.due_at, verdict.until))
    return job
