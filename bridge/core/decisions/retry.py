"""What an attempt's outcome means for its job: done, again, failed, or in doubt (law 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.model import Job, JobState, Outcome, Reason, Repeat, Retry, Ruling, Verdict

_FIRST = 10.0
_LONGEST = 300.0

# How long after its event a job is worth trying. Acting on old news is dangerous, telling it late
# is not; and what another system asks for is stale sooner than what we saw ourselves.
_TELL = 24 * 3600.0
_ACT = 15 * 60.0
_ACT_ON_WEBHOOK = 2 * 60.0
# so long chat platforms take later answers
_REPLY = 30 * 60.0

# how often the effect of a call is looked for
_VERIFY = 5.0


def default(action: str, event_type: str) -> Retry:
    """The retry of a step that names none: nothing that was refused, everything that could not be
    delivered.
    """
    asked = event_type.startswith(("webhook.", "chat."))
    if asked:
        act = _ACT_ON_WEBHOOK
    else:
        act = _ACT
    if action == "reply":
        return Retry(frozenset(), _FIRST, _REPLY)
    return Retry(frozenset(), _FIRST, act if action == "call" else _TELL)


@dataclass(frozen=True, slots=True)
class Next:
    """The job's next state: `due_at` when it is tried or looked at again, `doubt` where it may have
    taken effect.

    `not_after`: where it is worth it for longer than before.
    """

    state: JobState
    due_at: datetime | None = None
    doubt: bool = False
    not_after: datetime | None = None


def after(
    job: Job,
    outcome: Outcome,
    repeat: Repeat,
    *,
    provable: bool,
    now: datetime,
    wait: float | None = None,
) -> Next:
    """`provable`: a later look can tell whether the request took effect. `wait`: the seconds the
    other side asks for.
    """
    if outcome in (Outcome.DONE, Outcome.FOUND_DONE):
        # done is not yet seen: that is followed until the effect shows, or until it should have
        if job.verify:
            return Next(JobState.VERIFYING, now)
        return Next(JobState.SUCCEEDED)
    if outcome is Outcome.UNKNOWN and repeat is Repeat.ONCE:
        # never a silent second time: look first, and where nothing can be looked at, ask
        if provable:
            return Next(JobState.DUE, now, doubt=True)
        return Next(JobState.IN_DOUBT, doubt=True)
    if outcome is Outcome.REFUSED and outcome not in job.retry.on:
        return Next(JobState.FAILED)
    if outcome in job.retry.on:
        pause = job.retry.every
    else:
        pause = backoff(job.attempts)
    due = now + timedelta(seconds=max(pause, wait or 0.0))
    if due <= job.not_after:
        return Next(JobState.DUE, due)
    return Next(JobState.FAILED)


def stopped(job: Job, verdict: Verdict) -> Next:
    """A guard has stopped the attempt: for good, or until it lets through, as long as the job is
    worth it.

    A rule with hours of its own means to wait for them: how long the job is worth it counts from
    when they begin. So does that of a notice from the end of a silence.
    """
    mutes = job.action == "notify" and verdict.reason is Reason.SILENCED
    mutes = mutes and verdict.ruling is Ruling.WAIT
    if (mutes or verdict.reason is Reason.WINDOW) and verdict.until is not None:
        fresh = verdict.until + timedelta(seconds=job.retry.until)
        return Next(JobState.DUE, verdict.until, not_after=max(job.not_after, fresh))
    if (
        verdict.ruling is Ruling.WAIT
        and verdict.until is not None
        and verdict.until <= job.not_after
    ):
        return Next(JobState.DUE, verdict.until)
    return Next(JobState.SKIPPED)


def blind(job: Job, now: datetime) -> Next:
    """The look at what happened could not be had: again a little later, and when it is no use any
    more, ask.
    """
    due = now + timedelta(seconds=backoff(job.attempts))
    if due <= job.not_after:
        return Next(JobState.DUE, due, doubt=True)
    return Next(JobState.IN_DOUBT, doubt=True)


def verified(job: Job, *, holds: bool | None, now: datetime) -> Next:
    """The effect was looked for. `holds`: True or False as the server shows it, None where nothing
    newer than the call does.
    """
    if holds:
        return Next(JobState.SUCCEEDED)
    until = job.verify_until or now
    if now < until:
        return Next(JobState.VERIFYING, min(now + timedelta(seconds=_VERIFY), until))
    again = now + timedelta(seconds=job.retry.every)
    if Outcome.UNVERIFIED in job.retry.on and again <= job.not_after:
        return Next(JobState.DUE, again)
    return Next(JobState.UNVERIFIED)


def backoff(attempts: int) -> float:
    """Seconds before the next try: 10, 20, 40 … at most 300."""
    return float(min(_FIRST * 2.0 ** min(max(attempts - 1, 0), 10), _LONGEST))
