"""What follows a notice: others about the same thing, that it is over, that it still lasts, that nobody has it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from bridge.core.canonical import identity
from bridge.core.deciding import plan, retry
from bridge.core.durations import spoken
from bridge.core.model import Body, Job, JobState, Json


def over(job: Job, began: datetime, ended: datetime, how: str, now: datetime) -> Job:
    """That it is over, at the same address. Told late, it still comes before what began later."""
    lasted = f"it lasted {spoken((ended - began).total_seconds())}"
    what = job.request.get("what") or job.request["title"]
    told = _notice(job, "over", f"over: {what}", f"{how}; {lasted}" if how else lasted, now, {"over": True})
    return replace(told, since=min(ended, now))


def again(job: Job, row: RowMapping, now: datetime) -> Job:
    """That it still lasts, at the same address."""
    return _notice(
        job, f"again {row['repeated']}", f"still: {job.request['title']}", _still(job, row, now), now, {"take": True}
    )


def others(job: Job, row: RowMapping, now: datetime) -> Sequence[Job]:
    """That nobody has it, at each address of the channel that is told next.

    However many addresses of one channel were told, it is one thing for those whom it goes to next.
    """
    title, wanted, made = f"nobody has acknowledged: {job.request['title']}", row["escalate"], []
    for target in range(wanted["targets"]):
        where = {"to": wanted["to"], "target": target, "follow": {}, "what": job.request["title"]}
        name = identity(job.decision, job.event, job.step, "escalated", wanted["to"], target)
        made.append(replace(_notice(job, "", title, _still(job, row, now), now, where), id=name))
    return made


def _still(job: Job, row: RowMapping, now: datetime) -> str:
    lasts = spoken((now - row["time"]).total_seconds())
    return f"for {lasts}. Who has it? bondbridge ack {row['event'][:8]}\n{job.request['body']}".rstrip()


def _notice(like: Job, key: Json, title: str, body: str, now: datetime, where: Body | None = None) -> Job:
    """Another notice about the same thing, at the same address or elsewhere, as bad as the first."""
    request = {name: value for name, value in like.request.items() if name != "follow"} | {"title": title, "body": body}
    request |= where or {}
    wanted = retry.default("notify", "")
    return replace(
        like,
        id=identity(like.id, key),
        request=request,
        target=plan.told_at(request),
        retry=wanted,
        due_at=now,
        not_after=now + timedelta(seconds=wanted.until),
        state=JobState.DUE,
        attempts=0,
        doubt=False,
        parent=like.id,
        since=None,
    )
