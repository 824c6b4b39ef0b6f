"""How a question is put, and its answer told: one job for each place of the channel that is
asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from bridge.core.canonical_json import identity
from bridge.core.chat.reply import Reply, Tone
from bridge.core.decisions import retry
from bridge.core.durations import spoken
from bridge.core.model import Event, Job, Json
from bridge.core.requests import NoticeRequest, PostRequest, ReplyRequest, Request
from bridge.store.decisions import approvals

# who has answered where nobody has
NOBODY = "nobody"

_TOLD = {approvals.GRANTED: "said yes", approvals.DENIED: "said no"}
_TONES = {approvals.GRANTED: Tone.GOOD, approvals.DENIED: Tone.BAD}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is asked about, in words: the plan, a line each, and what brought it about, "" where
    that is not known.
    """

    plan: Sequence[str]
    cause: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Both, a line each."""
        return (*self.plan, *([f"because: {self.cause}"] if self.cause else []))


@dataclass(frozen=True, slots=True)
class ChannelSize:
    """Where a channel is told: how many targets of Apprise's it has, and how many rooms."""

    targets: int = 0
    rooms: int = 0


def limits(row: RowMapping) -> str:
    """Who must not answer; "" where anybody may."""
    if row["answered_by"] == approvals.OTHERS:
        known = (
            "somebody whose name is known: with a button, a token of their own, or bondbridge"
            " approve"
        )
        if row["asker"]:
            return f"not by {row['asker']}, but by {known}"
        return f"by {known}"
    if row["answered_by"] == approvals.ASKER:
        return f"by {row['asker']} alone"
    return ""


def settled(state: str, who: str) -> str:
    """`"ana said yes"`."""
    if state in _TOLD:
        return f"{who} {_TOLD[state]}"
    if who == NOBODY:
        return "nobody answered in time, so it is a no"
    return f"withdrawn, since {who} takes its place"


def put(
    row: RowMapping, jobs: Sequence[Job], shown: Shown, places: ChannelSize, now: datetime
) -> list[Job]:
    """The jobs that put a question: notices with a link, where a link may answer, and posts with
    buttons.
    """
    until = f"without an answer in {spoken((row['expires_at'] - now).total_seconds())}: no"
    only = limits(row)
    plan = shown.lines
    name = row["id"][:8]
    title = f"{row['rule']} asks: {row['detail']}"
    question = {"approval": row["id"], "plan": row["digest"]}
    ways = [
        *([only] if only else []),
        f"yes: bondbridge approve {name}",
        f"no: bondbridge deny {name}",
        until,
    ]
    notice = NoticeRequest(
        to=row["to"],
        target=0,
        title=title,
        body="\n".join([*plan, "", *ways]),
        question=question if row["answered_by"] == approvals.ANYONE else None,
        asks=row["id"],
    )
    post = PostRequest(
        to=row["to"],
        room=0,
        text=title,
        lines=[*plan, *([f"to be answered {only}"] if only else []), until],
        tone=Tone.PLAIN,
        event=jobs[0].event,
        question=question,
        asks=row["id"],
    )
    return [
        _job(
            row,
            jobs[0],
            (n,) if action == "notify" else (action, n),
            action,
            request,
            now,
            row["expires_at"],
        )
        for n, action, request in _each(places, notice, post)
    ]


def news(
    row: RowMapping, jobs: Sequence[Job], places: ChannelSize, now: datetime, but: str = ""
) -> list[Job]:
    """The jobs that tell how a question was answered, wherever it was put `but` in the room where
    that shows already.
    """
    state = row["state"]
    text = f"{row['rule']}: {settled(state, row['who'])}, {now:%Y-%m-%d %H:%M} UTC"
    notice = NoticeRequest(to=row["to"], target=0, title=text, body=row["detail"])
    post = PostRequest(
        to=row["to"],
        room=0,
        text=text,
        lines=[row["detail"]],
        tone=_TONES.get(state, Tone.PLAIN),
        event=jobs[0].event,
    )
    until = now + timedelta(seconds=retry.default("notify", "").until)
    return [
        _job(row, jobs[0], (state, action, n), action, request, now, until)
        for n, action, request in _each(places, notice, post)
        if action == "notify" or f"{row['to']}/{n}" != but
    ]


def back_id(row: RowMapping, delivery: str) -> str:
    """Of the job that tells the person who pressed a button: each press has one."""
    return identity(row["id"], "back", delivery)


def back(row: RowMapping, jobs: Sequence[Job], told: Event, delivery: str, answer: Reply) -> Job:
    """The job that tells the person who pressed a button, at the address that came with it, what
    became of that.
    """
    request = reply_request(told.id, answer)
    until = told.time + timedelta(seconds=retry.default("reply", told.type).until)
    return _job(row, jobs[0], ("back", delivery), "reply", request, told.time, until)


def reply_request(event: str, answer: Reply) -> ReplyRequest:
    """An answer, as it is sent to whoever pressed a button."""
    return ReplyRequest(
        event=event,
        text=answer.text,
        lines=list(answer.lines),
        tone=answer.tone,
        to_all=answer.to_all,
        replaces=answer.replaces,
    )


def _each(
    places: ChannelSize, notice: NoticeRequest, post: PostRequest
) -> Iterator[tuple[int, str, NoticeRequest | PostRequest]]:
    for target in range(places.targets):
        yield target, "notify", replace(notice, target=target)
    for room in range(places.rooms):
        yield room, "post", replace(post, room=room)


def _job(
    row: RowMapping,
    like: Job,
    key: Sequence[Json],
    action: str,
    request: Request,
    now: datetime,
    not_after: datetime,
) -> Job:
    return Job(
        id=identity(row["id"], *key),
        decision=like.decision,
        event=like.event,
        rule=like.rule,
        server=like.server,
        step=like.step,
        action=action,
        request=request,
        retry=retry.default(action, ""),
        due_at=now,
        not_after=not_after,
        target=request.destination if isinstance(request, NoticeRequest) else "",
        parent=row["id"],
    )
