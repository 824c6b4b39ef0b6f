"""The guards on what a rule would do about what it met, and what comes of their verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.decisions import guards, job_planning, job_requests
from bridge.core.decisions.evaluation import Evaluation, per_value
from bridge.core.decisions.fact_source import moment
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import ACT, Intent
from bridge.core.model import Event, Job, JobState, Mode, Reason, Ruling, Verdict
from bridge.core.rules import time_windows
from bridge.core.rules.rule import Overlap


def member(evaluation: Evaluation) -> Verdict | None:
    """What stands against one event by itself: what explains it, where it is, the cooldown."""
    for name, verdict in (
        ("explained", guards.explained(evaluation.event, evaluation.rule)),
        ("space", guards.space(evaluation.event, evaluation.rule, evaluation.facts)),
    ):
        if verdict:
            evaluation.say(f"guard {name}", "stops", verdict.detail)
            return verdict
    return _cooldown(evaluation)


def joined(evaluation: Evaluation) -> Verdict | None:
    """What stands against one of a group that is complete."""
    against = member(evaluation)
    if against is None and not evaluation.rule.calls:
        against = guards.hushed(evaluation.event, evaluation.facts)
        if against:
            evaluation.say("guard silence", str(against), against.detail)
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


def _cooldown(evaluation: Evaluation) -> Verdict | None:
    limit = evaluation.rule.guard.cooldown
    if limit is None:
        return None
    per = per_value(limit.per, evaluation.expression_context)
    key = guards.cooldown_key(evaluation.rule, evaluation.event.server, per, evaluation.mode)
    evaluation.cooldowns.append(key)
    cooling = guards.cooldown(
        limit.every, key, evaluation.decision, evaluation.facts, evaluation.context.now
    )
    says = cooling.detail if cooling else "free"
    evaluation.say("guard cooldown", says, "the whole rule" if per is None else f"per {per}")
    return cooling


def guarded(evaluation: Evaluation) -> Verdict | None:
    """What it would do, and every guard on it, in their order."""
    now = evaluation.context.now
    ripe = evaluation.ripe or evaluation.event.time
    if evaluation.event.only is not None:  # it began long ago, and is so now
        ripe = max(ripe, evaluation.event.seen_at)
    opens = time_windows.opens(evaluation.rule.guard.windows, now)
    ripe = max(ripe, opens) if opens else ripe
    occasion = job_planning.Occasion(
        evaluation.rule,
        evaluation.decision,
        evaluation.events,
        evaluation.facts,
        now,
        ripe,
        evaluation.expression_context,
    )
    _plan(evaluation, job_planning.planned(occasion))
    _needs_approval(evaluation)
    # what its group has in common, or the object of its event
    evaluation.about = evaluation.about or (
        "" if evaluation.rule.group else evaluation.event.subject
    )
    intent = Intent(
        evaluation.rule,
        evaluation.event.server,
        evaluation.events,
        evaluation.decision,
        evaluation.facts,
        now,
        ripe,
        evaluation.jobs,
        about=evaluation.about,
    )
    verdict = _late(evaluation, ripe) or _each_guard(evaluation, intent) or ACT
    return _moded(evaluation, _too_long(evaluation, verdict))


def _plan(evaluation: Evaluation, made: job_planning.Plan) -> None:
    """What it would do; what of it cannot be done or written is a line of the trace each."""
    evaluation.jobs, evaluation.left_out = made.jobs, made.left_out
    for why in made.left_out:
        evaluation.say("step", "left out", why)
    texts = {
        text: None for job in made.jobs for text in job_requests.unwritten(job.request).items()
    }
    for name, why in texts:
        evaluation.say("text", "could not be written", name, why)


def _calls(evaluation: Evaluation) -> bool:
    """Whether anything is called: what only tells has guards of its own."""
    return any(job.action == "call" for job in evaluation.jobs)


def _too_long(evaluation: Evaluation, verdict: Verdict) -> Verdict:
    """A wait that ends when nothing is worth doing any more is no wait."""
    calls = [job.not_after for job in evaluation.jobs if job.action == "call"]
    if (
        verdict.ruling is not Ruling.WAIT
        or evaluation.due_at is not None
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


def _late(evaluation: Evaluation, ripe: datetime) -> Verdict | None:
    calls = [job for job in evaluation.jobs if job.action == "call"] or list(evaluation.jobs)
    if not calls:
        return None
    not_after = max(job.not_after for job in calls)
    late = guards.expired(evaluation.context.now, not_after)
    evaluation.say(
        "guard expired",
        "too late" if late else "in time",
        f"until {not_after.isoformat()}, from {ripe.isoformat()}",
    )
    return late


def _needs_approval(evaluation: Evaluation) -> None:
    wanted = evaluation.rule.guard.approval
    if wanted is not None:
        needed = wanted.condition is None or wanted.condition.holds(evaluation.expression_context)
        evaluation.facts.note_approval(needed=needed)


def _each_guard(evaluation: Evaluation, intent: Intent) -> Verdict | None:
    for name, guard in guards.DECIDING if _calls(evaluation) else guards.TELLING:
        verdict = guard(intent)
        evaluation.say(
            f"guard {name}",
            str(verdict) if verdict else "lets through",
            verdict.detail if verdict else "",
        )
        if verdict is None:
            continue
        if verdict.reason is Reason.OVERLAP and verdict.ruling is Ruling.WAIT:
            evaluation.due_at = verdict.until
        return verdict
    return None


def _moded(evaluation: Evaluation, verdict: Verdict) -> Verdict:
    """Mode is judged last, so that a dry run shows which guard would have stopped it, and what it
    would have sent.
    """
    if verdict.ruling is Ruling.SKIP or evaluation.due_at is not None:
        return verdict
    wanted = [{"action": job.action, **job.request.stored()} for job in evaluation.jobs]
    evaluation.say(
        "mode", "would do" if evaluation.mode is Mode.DRY_RUN else "does", evaluation.mode, wanted
    )
    if evaluation.mode is Mode.DRY_RUN:
        but = "" if verdict.ruling is Ruling.ACT else f"; before that {verdict}: {verdict.detail}"
        return Verdict(
            Ruling.SKIP, Reason.DRY_RUN, f"it would have acted: its rule is in dry_run{but}"
        )
    if evaluation.rule.overlap is Overlap.RESTART:
        rule, server = evaluation.rule.id, evaluation.event.server
        running = evaluation.facts.running(rule, server, evaluation.about) or ()
        evaluation.supersedes = tuple(each for each in running if each != evaluation.decision)
    evaluation.jobs = tuple(
        _as_ruled(job, verdict, "call" if _calls(evaluation) else job.action)
        for job in evaluation.jobs
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
