"""The steps of one decision, in order: a step starts when all of the one before it has ended well."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.model import Job, JobState

_OVER = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.SKIPPED})
_BAD = frozenset({JobState.FAILED, JobState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Progress:
    """What the jobs of a decision come to: which may start, which never will, and whether nothing is left to do."""

    start: tuple[Job, ...] = ()
    skip: tuple[Job, ...] = ()
    over: bool = False


def progress(jobs: Sequence[Job]) -> Progress:
    """Look at all jobs of one decision. A call that failed ends the later steps; a notice that failed does not.

    A job in doubt holds the later steps until a person decides, but is as over as it can be for the cooldown.
    """
    for number in sorted({job.step for job in jobs}):
        step = [job for job in jobs if job.step == number]
        waiting = tuple(job for job in step if job.state is JobState.WAITING)
        if waiting:
            return Progress(start=waiting)
        if any(job.state is JobState.IN_DOUBT for job in step):
            return Progress(over=True)
        if any(job.state not in _OVER for job in step):
            return Progress()
        if any(job.state in _BAD and job.action == "call" for job in step):
            return Progress(skip=tuple(job for job in jobs if job.state is JobState.WAITING), over=True)
    return Progress(over=True)
