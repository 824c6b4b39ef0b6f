"""The steps of one decision, in order. A call holds up what comes after it; a notice holds up nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.model import Job, JobState

_BAD = frozenset({JobState.FAILED, JobState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Progress:
    """What the jobs of a decision come to: which may start, which never will, and whether all acting is over."""

    start: tuple[Job, ...] = ()
    skip: tuple[Job, ...] = ()
    acted: bool = False


def progress(jobs: Sequence[Job]) -> Progress:
    """Look at all jobs of one decision.

    A step starts when every call of the steps before it has succeeded; a call that failed ends the later steps. A job in
    doubt holds them until a person decides, but for the cooldown its acting is over.
    """
    start: list[Job] = []
    for number in sorted({job.step for job in jobs}):
        step = [job for job in jobs if job.step == number]
        states = {job.state for job in step if job.action == "call"}
        start += [job for job in step if job.state is JobState.WAITING]
        if states & _BAD:
            later = [job for job in jobs if job.step > number and job.state is JobState.WAITING]
            return Progress(tuple(start), tuple(later), acted=True)
        if states - {JobState.SUCCEEDED}:
            return Progress(tuple(start), acted=states <= {JobState.SUCCEEDED, JobState.IN_DOUBT})
    return Progress(tuple(start), acted=True)
