"""What follows a notice: others about the same thing, that it is over, that it still lasts, that
nobody has it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from bridge.core.canonical_json import identity
from bridge.core.decisions import job_planning, retry
from bridge.core.durations import spoken
from bridge.core.events.headlines import remains
from bridge.core.model import Body, Event, Job, JobState, Json


def over(job: Job, began: datetime, end: Event, how: str, now: datetime) -> Job:
    """That it is over, at the same address, and what is left of it.

    Told late, it still comes before what began later.
    """
    lasted = f"it lasted {spoken((end.time - began).total_seconds())}"
    what = job.request.get("what") or job.request["title"]
    left = remains(end)
    if left:
        title = f"over: {what}; {left}"
    else:
        title = f"over: {what}"
    told = _notice(job, "over", title, f"{how}; {lasted}" if how else lasted, now, {"over": True})
    return replace(told, since=min(end.time, now))


def again(job: Job, row: RowMapping, now: datetime) -> Job:
    """That it still lasts, at the same address."""
    title = f"still: {job.request['title']}"
    more = {"take": True, "reminds": job.id}
    return _notice(job, f"again {row['repeated']}", title, job.request["body"], now, more)


def others(job: Job, row: RowMapping, now: datetime) -> Sequence[Job]:
    """That nobody has it, at each address of the channel that is told next.

    However many addresses of one channel were told, it is one thing for its next recipients.
    """
    title = f"nobody has acknowledged: {job.request['title']}"
    wanted = row["escalate"]
    made = []
    for target in range(wanted["targets"]):
        where = {"to": wanted["to"], "target": target, "follow": {}, "what": job.request["title"]}
        name = identity(job.decision, job.event, job.step, "escalated", wanted["to"], target)
        told = _notice(job, "", title, job.request["body"], now, {**where, "reminds": job.id})
        made.append(replace(told, id=name))
    return made


def still(job: Job, began: datetime, now: datetime) -> str:
    """What a reminder says at the moment at which it is sent."""
    lasts = spoken((now - began).total_seconds())
    return (
        f"for {lasts}. Who has it? bondbridge ack {job.event[:8]}\n{job.request['body']}".rstrip()
    )


def _notice(
    like: Job, key: Json, title: str, body: str, now: datetime, where: Body | None = None
) -> Job:
    """Another notice about the same thing, at the same address or elsewhere, as bad as the
    first.
    """
    request = {name: value for name, value in like.request.items() if name != "follow"} | {
        "title": title,
        "body": body,
    }
    request |= where or {}
    wanted = retry.default("notify", "")
    return replace(
        like,
        id=identity(like.id, key),
        request=request,
        target=job_planning.told_at(request),
        retry=wanted,
        due_at=now,
        not_after=now + timedelta(seconds=wanted.until),
        state=JobState.DUE,
        attempts=0,
        doubt=False,
        parent=like.id,
        since=None,
    )
