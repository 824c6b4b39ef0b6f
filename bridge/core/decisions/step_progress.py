"""The steps of one decision, in order, and the batches of one step. A call or a wait holds up what
comes after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.model import OPEN, Job, JobState

_BAD = frozenset({JobState.FAILED, JobState.UNVERIFIED, JobState.SKIPPED})
_HOLDING = frozenset({"call", "wait"})


@dataclass(frozen=True, slots=True)
class Progress:
    """What the jobs of a decision come to.

    `start`: those whose turn has come, each with when; `skip`: those that never will; `ask`: the
    rest of a rollout that a bad end has stopped, for a person to decide; `acted`: whether all
    acting is over, for now.
    """

    start: tuple[tuple[Job, datetime], ...] = ()
    skip: tuple[Job, ...] = ()
    ask: tuple[Job, ...] = ()
    acted: bool = False


def progress(jobs: Sequence[Job], now: datetime) -> Progress:
    """Look at all jobs of one decision.

    A step starts when every call and wait of the steps before it has succeeded; one that did not
    ends the later steps. A job in doubt holds them until a person decides, but for the cooldown its
    acting is over. Answers to a failure stand outside: they hold up nothing.
    """
    own = [job for job in jobs if job.parent is None]
    start: list[tuple[Job, datetime]] = []
    for number in sorted({job.step for job in own}):
        step = [job for job in own if job.step == number]
        now_or_later, ask = _of_step(step, now)
        start += now_or_later
        holding = {job.state for job in step if job.action in _HOLDING}
        if ask:
            return Progress(tuple(start), ask=ask)
        if holding & OPEN:
            return Progress(tuple(start))
        if holding & _BAD:
            later = [job for job in own if job.step > number and job.state is JobState.WAITING]
            return Progress(tuple(start), skip=tuple(later), acted=True)
        if JobState.IN_DOUBT in holding:
            return Progress(tuple(start), acted=True)
    return Progress(tuple(start), acted=True)


def _of_step(
    step: Sequence[Job], now: datetime
) -> tuple[list[tuple[Job, datetime]], tuple[Job, ...]]:
    """The jobs of a step that may start, batch by batch; and those that a stopped rollout
    leaves.
    """
    begins = now
    for batch in sorted({_batch(job) for job in step}):
        these = [job for job in step if _batch(job) == batch]
        waiting = [job for job in these if job.state is JobState.WAITING]
        if waiting:
            return [(job, begins) for job in waiting], ()
        if any(job.state in OPEN for job in these):
            return [], ()
        stopped = [job for job in these if _stops(job)]
        later = [job for job in step if _batch(job) > batch and job.state is JobState.WAITING]
        if stopped and later:
            return [], tuple(later)
        pause = next((job.rollout["pause"] for job in these if job.rollout), 0.0)
        begins = now + timedelta(seconds=pause)
    return [], ()


def _batch(job: Job) -> int:
    if job.rollout:
        return int(job.rollout["batch"])
    return 0


# what `stop_on` names, by how a job ended; a refusal is a failure too
_ENDS = {
    JobState.UNVERIFIED: frozenset({"unverified"}),
    JobState.FAILED: frozenset({"failed", "refused"}),
    JobState.IN_DOUBT: frozenset({"in_doubt"}),
}


def _stops(job: Job) -> bool:
    return bool(job.rollout and _ENDS.get(job.state, frozenset()) & set(job.rollout["stop_on"]))
