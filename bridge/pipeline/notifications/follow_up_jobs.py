"""What follows a notice: others about the same thing, that it is over, that it still lasts, that
nobody has acknowledged it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from bridge.core.canonical_json import identity
from bridge.core.decisions import retry
from bridge.core.durations import spoken
from bridge.core.events.headlines import remains
from bridge.core.model import Event, Job, JobState, Json
from bridge.core.requests import NoticeRequest


def over(job: Job, began: datetime, end: Event, how: str, now: datetime) -> Job:
    """That it is over, at the same address, and what is left of it.

    Told late, it still comes before what began later.
    """
    lasted = f"it lasted {spoken((end.time - began).total_seconds())}"
    notice = notice_of(job)
    what = notice.what or notice.title
    left = remains(end)
    if left:
        title = f"resolved: {what}; {left}"
    else:
        title = f"resolved: {what}"
    body = f"{how}; {lasted}" if how else lasted
    request = replace(notice, title=title, body=body, follow=None, over=True)
    return replace(_job(job, "over", request, now), since=min(end.time, now))


def again(job: Job, row: RowMapping, now: datetime) -> Job:
    """That it still lasts, at the same address."""
    notice = notice_of(job)
    title = f"reminder: {notice.title}"
    request = replace(notice, title=title, follow=None, take=True, reminds=job.id)
    return _job(job, f"again {row['repeated']}", request, now)


def others(job: Job, row: RowMapping, now: datetime) -> Sequence[Job]:
    """That nobody has acknowledged it, at each address of the channel that is told next.

    However many addresses of one channel were told, it is one thing for its next recipients.
    """
    notice = notice_of(job)
    wanted = row["escalate"]
    request = replace(
        notice,
        to=wanted["to"],
        title=f"nobody has acknowledged: {notice.title}",
        what=notice.title,
        follow={},
        reminds=job.id,
    )
    made = []
    for target in range(wanted["targets"]):
        name = identity(job.decision, job.event, job.step, "escalated", wanted["to"], target)
        made.append(replace(_job(job, "", replace(request, target=target), now), id=name))
    return made


def still(job: Job, began: datetime, now: datetime) -> str:
    """What a reminder says at the moment at which it is sent."""
    lasts = spoken((now - began).total_seconds())
    asked = f"for {lasts}. Acknowledge: bondbridge ack {job.event[:8]}"
    return f"{asked}\n{notice_of(job).body}".rstrip()


def notice_of(job: Job) -> NoticeRequest:
    """The notice that a job sends."""
    if not isinstance(job.request, NoticeRequest):
        raise TypeError(f"job {job.id} is a {job.action} and no notice")
    return job.request


def _job(like: Job, key: Json, request: NoticeRequest, now: datetime) -> Job:
    """Another notice about the same thing, at the same address or elsewhere."""
    wanted = retry.default("notify", "")
    return replace(
        like,
        id=identity(like.id, key),
        request=request,
        target=request.destination,
        retry=wanted,
        due_at=now,
        not_after=now + timedelta(seconds=wanted.until),
        state=JobState.DUE,
        attempts=0,
        doubt=False,
        parent=like.id,
        since=None,
    )
