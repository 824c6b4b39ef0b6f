"""Telling: what is due at one address of a channel becomes messages, in order, one at a time, by
one worker.

    lease on the destination → what is due → what its channel takes now → admission → intent
          → send → outcome for each notice

A service that is away is asked again at growing intervals, by the oldest notice alone; the others
wait behind it. So one that cannot be reached costs one request now and then, and holds up no other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.actions.action import Action, Result
from bridge.core.decisions import retry
from bridge.core.decisions.retry import Next
from bridge.core.durations import spoken
from bridge.core.events.headlines import headline, remains
from bridge.core.model import Job, JobState, Outcome, Reason, Ruling, Verdict
from bridge.core.notifications import channel_policy, digest
from bridge.core.notifications.channel_policy import Notice, Policy, Severity
from bridge.core.requests import NoticeRequest
from bridge.core.visible_text import shortened
from bridge.errors import LeaseLost
from bridge.pipeline.deliver.admission import Admission
from bridge.pipeline.deliver.settlement import AttemptEnd, Settlement
from bridge.pipeline.internal_errors import Faults, within
from bridge.pipeline.notifications import destination_health, follow_up, follow_up_jobs
from bridge.pipeline.notifications.follow_up import Ending
from bridge.pipeline.notifications.follow_up_jobs import notice_of
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions.jobs import Claimed
from bridge.store.notifications import destinations, open_notifications
from bridge.store.notifications.destinations import Destination, Pending
from bridge.store.observations import events as event_store

# longer than any service may take to answer
_LEASE = 60.0
# messages at one address before others have their turn
_MOST = 50
_FEW = 10

# so many notices of one message are named in the log
_NAMED = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Sending:
    """A message that is on its way: the notices it tells, all of them ours; by which rules they
    were judged.

    `ended`: those of which it says as well that they are over. `requests`: what each of them says
    now.
    """

    outlet: Destination
    claimed: tuple[Claimed, ...]
    notes: tuple[Notice, ...]
    book: Rulebook
    ended: Mapping[str, Ending]
    requests: Mapping[str, NoticeRequest]


class NotificationSender:
    """Tells. `notify` sends one message; `policies` by channel; `now` is domain time."""

    def __init__(
        self,
        database: Database,
        notify: Action[NoticeRequest],
        now: Callable[[], datetime],
        gate: Admission,
        aftermath: Settlement,
        policies: Mapping[str, Policy],
    ) -> None:
        self._database = database
        self._notify = notify
        self._now = now
        self._gate = gate
        self._aftermath = aftermath
        self._policies = policies
        self._faults = Faults(database, now)

    def due(self) -> list[str]:
        """One notice of each address that something is due at."""
        with self._database.reading() as connection:
            return destinations.due(connection, self._now())

    def outlet_of(self, job: str) -> str | None:
        """Where a job tells; None for one that does something else."""
        with self._database.reading() as connection:
            return destinations.of_job(connection, job)

    def run(self, key: str) -> int:
        """Tell what is due at one address; how many messages were tried. 0 as well where somebody
        else is at it.
        """
        with self._database.writing() as connection:
            fence = destinations.claim(connection, key, _LEASE)
        if fence is None:
            return 0
        tried = 0
        try:
            while tried < _MOST and (sending := self._next(key, fence)) is not None:
                if sending.claimed:
                    tried += 1
                    if not self._settle(sending, fence, self._send(sending)):
                        break
        except LeaseLost as error:
            log.warning("telling overtaken", outlet=key, why=str(error))
        finally:
            with self._database.writing() as connection:
                destinations.release(connection, key, fence)
        return tried

    def _counted(self, outlet: Destination) -> int:
        """How many messages its rate looks back on."""
        rate = self._policies.get(outlet.channel, Policy()).rate
        if rate:
            return rate.most
        return 0

    def _send(self, sending: _Sending) -> Result:
        """One notice as its job asks for it, or as over; many as one message of them all."""
        first = sending.claimed[0].job
        with self._faults.apart("tell", f"a message to {sending.outlet.key}", first.server) as part:
            return self._sent(sending, first)
        # what it is that cannot be told goes by itself to the dead letters, and the next has its
        # turn
        return Result(Outcome.REFUSED, f"a fault of bondbridge: {part.why}")

    def _sent(self, sending: _Sending, first: Job) -> Result:
        request = replace(sending.requests[first.id], event=first.event)
        if len(sending.claimed) > 1:
            outlet = sending.outlet
            request = digest.of(outlet.channel, outlet.target, sending.notes)
        return self._notify.send(first.server, request)

    def _next(self, key: str, fence: int) -> _Sending | None:
        """The intent: what the next message tells, claimed; None when there is nothing for now.

        What has to wait is put off, each with its reason; what comes to nothing is ended. Then
        there may be nothing left.
        """
        now = self._now()
        book = self._gate.rulebook()
        with self._database.writing() as connection:
            destinations.extend(connection, key, fence, _LEASE)
            outlet = destinations.get(connection, key)
            if outlet.again_at is not None and outlet.again_at > now:
                self._behind(connection, outlet, outlet.again_at, now)
                return None
            rules = self._policies.get(outlet.channel, Policy())
            if channel_policy.crowded(rules, outlet.recent, now):
                most = channel_policy.MOST_TOGETHER
            else:
                most = _FEW
            found = {each.job.id: each for each in destinations.pending(connection, key, now, most)}
            notes = self._notes(connection, found.values(), now)
            turn = channel_policy.turn(
                list(notes.values()), rules, outlet.gathers_since, outlet.recent, now
            )
            for note, verdict in turn.held:
                self._hold(connection, found[note.id].job, verdict, now)
            claimed = self._claim(connection, turn.tell, now, book)
            if not found or claimed is None:
                return None
            # of what the gate did not let through nothing was gathered
            if claimed or not turn.tell:
                since = outlet.gathers_since
            else:
                since = None
            outlet = replace(outlet, gathers_since=channel_policy.gathering(turn, since, now))
            destinations.put(connection, outlet)
            over: Mapping[str, Ending] = {}
            takers: Mapping[str, str] = {}
            with within(connection, now, "tell", f"what is over by now at {key}"):
                over = follow_up.endings(connection, [each.job for each in claimed], book)
                takers = open_notifications.takers(connection, {each.job.event for each in claimed})
        requests = {
            each.job.id: _as_it_is(
                each.job,
                notes[each.job.id].since,
                over.get(each.job.id),
                takers.get(each.job.event),
                now,
            )
            for each in claimed
        }
        told = tuple(_said(notes[each.job.id], requests[each.job.id]) for each in claimed)
        return _Sending(outlet, tuple(claimed), told, book, over, requests)

    def _notes(
        self, connection: Connection, those: Iterable[Pending], now: datetime
    ) -> dict[str, Notice]:
        """By id, as channels see them; one that cannot be read is a dead letter."""
        notes = {}
        for each in those:
            with within(
                connection, now, "tell", f"a notice of rule {each.job.rule}", each.job.server
            ) as part:
                notes[each.job.id] = _note(each)
            if part.failed:
                self._aftermath.set_aside(connection, each.job, part.why, now)
        return notes

    def _behind(
        self, connection: Connection, outlet: Destination, until: datetime, now: datetime
    ) -> None:
        """A service is away: what comes meanwhile waits behind the notice that it is tried with."""
        detail = (
            f"{outlet.key} takes nothing since {outlet.failing_since:%Y-%m-%d %H:%M} UTC:"
            f" {outlet.said}"
        )
        for each in destinations.pending(connection, outlet.key, now, channel_policy.MOST_TOGETHER):
            self._hold(connection, each.job, Verdict(Ruling.WAIT, Reason.AWAY, detail, until), now)

    @staticmethod
    def _hold(connection: Connection, job: Job, verdict: Verdict, now: datetime) -> None:
        """It waits, or comes to nothing, and says why; a wait that goes on for the same reason is
        one row.
        """
        if verdict.ruling is Ruling.SKIP:
            job_store.end(connection, [job], verdict, now)
            job_store.move_on(connection, job, now)
            return
        if decision_store.says(connection, job.id) != (verdict.ruling, verdict.reason):
            decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
        # what its channel makes it wait for does not make it stale; that nobody takes it does
        if verdict.reason is Reason.AWAY:
            fresh = timedelta(0)
        else:
            fresh = timedelta(seconds=job.retry.until)
        destinations.put_off(connection, job, verdict.until or now + timedelta(seconds=1), fresh)

    def _claim(
        self, connection: Connection, notes: Sequence[Notice], now: datetime, book: Rulebook
    ) -> list[Claimed] | None:
        """Those that the gate lets through, their attempts begun; None where another worker still
        has the first of them.
        """
        claimed: list[Claimed] = []
        for note in notes:
            mine = job_store.claim(connection, note.id, now, _LEASE)
            if mine is None:
                return claimed or None
            with within(
                connection, now, "tell", f"a notice of rule {mine.job.rule}", mine.job.server
            ) as part:
                claimed += self._admitted(connection, mine, now, book)
            if part.failed:
                self._aftermath.set_aside(connection, mine.job, part.why, now)
        return claimed

    def _admitted(
        self, connection: Connection, mine: Claimed, now: datetime, book: Rulebook
    ) -> list[Claimed]:
        verdict = self._gate.judge(connection, mine.job, book)
        if verdict.ruling is Ruling.ACT:
            return [job_store.begin(connection, mine, "send", now, _LEASE)]
        # nobody took it in time: that is no skipping, people must know of it
        if verdict.reason is Reason.EXPIRED:
            then = Next(JobState.FAILED)
        else:
            then = retry.stopped(mine.job, verdict)
        self._aftermath.note(
            connection,
            mine,
            AttemptEnd(then, Result(Outcome.NOT_DONE, verdict.detail), verdict),
            now,
            book,
        )
        return []

    def _settle(self, sending: _Sending, fence: int, result: Result) -> bool:
        """The outcome, for all that the message told. Whether the service takes more."""
        now = self._now()
        before = sending.outlet
        rules = self._policies.get(before.channel, Policy())
        outlet, told = destination_health.turned(
            before, destination_health.after(before, result, self._counted(before), now), now
        )
        if outlet.again_at is None and channel_policy.gathered(sending.notes, rules):
            outlet = replace(outlet, gathers_since=None)
        if result.outcome is Outcome.REFUSED and outlet.again_at is not None:
            result = replace(
                result, outcome=Outcome.UNREACHABLE
            )  # it refuses everything: the message may well be good
        result = _shared(result, len(sending.claimed))
        with self._database.writing() as connection:
            destinations.check(connection, before.key, fence)
            event_store.record(connection, told)
            for each in sending.claimed:
                end = AttemptEnd(_next_of(each.job, result, outlet.again_at, now), result)
                self._aftermath.note(connection, each, end, now, sending.book)
                if end.then.state is JobState.SUCCEEDED:
                    with within(
                        connection,
                        now,
                        "follow",
                        f"a notice of rule {each.job.rule}",
                        each.job.server,
                    ):
                        follow_up.told(connection, each.job, now, sending.ended.get(each.job.id))
            destinations.put(connection, outlet)
        count = len(sending.claimed)
        what = "; ".join(shortened(notice_of(each.job).title) for each in sending.claimed[:_NAMED])
        if count > _NAMED:
            more = f" and {count - _NAMED} more"
        else:
            more = ""
        log.info(
            "told %s: %s",
            before.channel,
            result.outcome,
            what=what + more,
            address=before.target,
            notices=count,
            said=result.detail,
        )
        for event in told:
            log.warning(headline(event), id=event.id, type=event.type)
        return outlet.again_at is None


def _shared(result: Result, many: int) -> Result:
    """What each attempt says of a message that told several: otherwise none of their stories could
    show it.
    """
    if many == 1:
        return result
    if many == 2:  # noqa: PLR2004
        others = "1 other"
    else:
        others = f"{many - 1} others"
    return replace(result, detail=f"{result.detail}, in one message with {others}")


def _as_it_is(
    job: Job, since: datetime | None, ending: Ending | None, taker: str | None, now: datetime
) -> NoticeRequest:
    """What a notice asks for, as it is at this moment: over, somebody's, or lasting for so long."""
    request = notice_of(job)
    if ending is not None:  # told late, a begin whose end would follow at once is no alarm any more
        lasted = spoken((ending.end.time - ending.began).total_seconds())
        title = f"{request.title}: resolved, it lasted {lasted}"
        left = remains(ending.end)
        return digest.over(request, f"{title}; {left}" if left else title)
    if request.reminds:
        return replace(request, body=follow_up_jobs.still(job, since or now, now))
    if taker is not None and request.takes:
        return digest.taken(request, taker)
    return request


def _said(note: Notice, request: NoticeRequest) -> Notice:
    """What it tells, as it is by now."""
    return replace(
        note,
        title=request.title,
        body=request.body,
        over=bool(request.over),
        takes=request.takes,
    )


def _note(pending: Pending) -> Notice:
    request = notice_of(pending.job)
    return Notice(
        id=pending.job.id,
        title=request.title,
        body=request.body,
        type=pending.type,
        severity=Severity.of(request.severity),
        spaces=pending.spaces,
        over=bool(request.over),
        event=pending.job.event,
        takes=request.takes,
        since=pending.since,
    )


def _next_of(job: Job, result: Result, again_at: datetime | None, now: datetime) -> Next:
    """A service that was away is tried again in its time; what it does not take is over, unless the
    rule tries that again.
    """
    if result.outcome is Outcome.DONE:
        return Next(JobState.SUCCEEDED)
    if result.outcome is Outcome.REFUSED:
        if Outcome.REFUSED not in job.retry.on:
            return Next(JobState.FAILED)
        again_at = now + timedelta(seconds=job.retry.every)
    due = again_at or now
    # what is followed does not grow old while it lasts: whether it does is asked before the next
    # try
    notice = notice_of(job)
    lasts = notice.follow is not None and not notice.over
    if lasts or due <= job.not_after:
        return Next(JobState.DUE, due)
    return Next(JobState.FAILED)
