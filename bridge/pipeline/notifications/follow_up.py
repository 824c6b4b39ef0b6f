"""Following: what was told and lasts is told again while it does, to others if nobody takes it, and
once when it is over.

    notified ─► (reminders, escalation, unless acknowledged) ─► resolved, at the same destination

So the person who was told that something began is told that it is over, whatever happened to rules,
silences or channels meanwhile.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.events import builder
from bridge.core.events.builder import EVENTS, ends_of
from bridge.core.events.headlines import headline
from bridge.core.model import Body, Event, Job
from bridge.errors import BadInput, Problem
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.internal_errors import Faults
from bridge.pipeline.notifications import follow_up_jobs
from bridge.pipeline.notifications.follow_up_jobs import notice_of
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import fact_queries
from bridge.store.decisions import jobs as job_store
from bridge.store.notifications import open_notifications
from bridge.store.observations import events as event_store

# by event: those that it may be the end of
_BEGINS: Mapping[str, frozenset[str]] = {
    name: frozenset(row.name for row in EVENTS.values() if name in row.ends)
    for name in {end for row in EVENTS.values() for end in row.ends}
}

_LEAST = 4  # of an id's beginning
# after a start: so long others are not called for what may have ended meanwhile and was not polled
# yet
_LOOKING = timedelta(minutes=2)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ending:
    """What a notice tells of began then, and has been ended by this event."""

    began: datetime
    end: Event


def told(connection: Connection, job: Job, now: datetime, ending: Ending | None = None) -> None:
    """A notice was told; where it is to be followed, it is from now on. What is over already is
    told as over.

    `ending`: of what it told, where the message that told of the begin said so too.
    """
    wanted = notice_of(job).follow
    if wanted is None:
        return
    (event,) = event_store.several(connection, [job.event])
    if not open_notifications.begin(connection, job, event, wanted, now):
        return
    if ending is not None:
        open_notifications.end(connection, job.id, ending.end.time)
        return
    end = _end_of(connection, event)
    if end is not None:
        _end(connection, job, event.time, end, "", now)


def endings(connection: Connection, those: Sequence[Job], book: Rulebook) -> Mapping[str, Ending]:
    """By notice of a begin: what ended what it tells of before it could be told.

    What is not followed is told as it was found; only what ended while it waited is over.
    """
    about = {
        event.id: event
        for event in event_store.several(connection, sorted({job.event for job in those}))
    }
    together = decision_store.together(connection, {job.decision for job in those})
    found: dict[str, Ending] = {}
    for job in those:
        event = about[job.event]
        if _tells_begin(job, book, together):
            end = _end_of(connection, event)
        else:
            end = None
        followed = notice_of(job).follow is not None
        if end is not None and (followed or end.seen_at > event.seen_at):
            found[job.id] = Ending(event.time, end)
    return found


def _tells_begin(job: Job, book: Rulebook, together: Collection[str]) -> bool:
    """Whether it is one event's own notice that what the event began lasts."""
    notice = notice_of(job)
    if notice.over or notice.reminds:
        return False
    rule = book.rule(job.rule)
    own = job.parent is None and rule is not None and rule.shape is None
    return notice.follow is not None or (own and job.decision not in together)


def _end_of(connection: Connection, event: Event) -> Event | None:
    ends = ends_of(event)
    if ends:
        return fact_queries.end_of(connection, event, ends)
    return None


def over(connection: Connection, happened: Sequence[Event], now: datetime) -> None:
    """Of these events some end what was told."""
    begins = {event.server: frozenset[str]() for event in happened}
    for event in happened:
        begins[event.server] |= _BEGINS.get(event.type, frozenset())
    for server, types in begins.items():
        if types:
            waiting = _by_end(open_notifications.open_of(connection, server, types))
        else:
            waiting = {}
        for event in happened if waiting else ():
            for row in (
                *waiting.get((event.type, event.subject), ()),
                *waiting.get((event.type, None), ()),
            ):
                if event.server == server and event.time >= row["time"]:
                    if row["acked_by"]:
                        how = f"{headline(event)}; acknowledged by {row['acked_by']}"
                    else:
                        how = headline(event)
                    _end(
                        connection,
                        job_store.get(connection, row["job"]),
                        row["time"],
                        event,
                        how,
                        now,
                    )


def _by_end(rows: Iterable[RowMapping]) -> Mapping[tuple[str, str | None], Sequence[RowMapping]]:
    """What was told, by each event that may end it and the subject that must have: of a storm all
    is looked at once.
    """
    found: dict[tuple[str, str | None], list[RowMapping]] = {}
    for row in rows:
        began = Event(
            row["event"], row["type"], row["server"], row["subject"], row["time"], row["time"], {}
        )
        for end in ends_of(began).items():
            found.setdefault(end, []).append(row)
    return found


def _end(
    connection: Connection, job: Job, began: datetime, end: Event, how: str, now: datetime
) -> None:
    if open_notifications.end(connection, job.id, end.time):
        job_store.add(connection, [follow_up_jobs.over(job, began, end, how, now)])


class FollowUps:
    """Tells again what lasts, and takes people's word that somebody has acknowledged it. `now` is
    domain time.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._faults = Faults(database, now)
        self._began: datetime | None = None

    def run(self) -> int:
        """What is to be told again, or to others, by now; how many notices that makes."""
        now = self._now()
        made = 0
        self._began = self._began or now
        with self._database.reading() as connection:
            found = [
                row
                for row in open_notifications.due(connection, now)
                if self._looked(connection, row, now)
            ]
        for row in found:
            with self._faults.apart("follow", f"what lasts: {row['type']}", row["server"]):
                made += self._again(row, now)
        return made

    def _again(self, row: RowMapping, now: datetime) -> int:
        with self._database.writing() as connection:
            # what a silence covers stays due: it is told when that is over
            if DatabaseFacts(connection, row["server"], now, {}).silence(row["event"]) is not None:
                return 0
            owed = _due(connection, row, now)
            job_store.add(connection, owed)
            return len(owed)

    def _looked(self, connection: Connection, row: RowMapping, now: datetime) -> bool:
        """Whether it is known to last: what fell due while nothing was polled is first looked at,
        for a while.
        """
        kind = EVENTS[row["type"]].kind if row["type"] in EVENTS else None
        began = self._began or now
        if kind is None or now - began >= _LOOKING:
            return True
        seen = fact_queries.seen_one(
            connection, row["server"], kind, row["subject"].partition("/")[2]
        )
        return seen is None or seen >= began

    def find(self, beginning: str) -> str:
        """The event that was told and whose id begins so. Raises BadInput."""
        if len(beginning) < _LEAST:
            raise BadInput(
                [
                    Problem(
                        "ack",
                        f"{beginning!r} is too short",
                        f"give at least {_LEAST} characters of the id",
                    )
                ]
            )
        with self._database.reading() as connection:
            found = open_notifications.find(connection, beginning.lower())
        if len(found) == 1:
            return found[0]
        if found:
            which = "several events that people were told of begin"
        else:
            which = "no event that people were told of begins"
        what = f"{which} with {beginning!r}"
        raise BadInput(
            [
                Problem(
                    "ack",
                    what,
                    "give more of its id" if found else "see `bondbridge channels open`",
                )
            ]
        )

    def acknowledge(
        self,
        event: str,
        who: str,
        then: Callable[[Connection, Event, Job], None] = lambda _connection, _told, _job: None,
    ) -> int:
        """Somebody has taken it. At how many addresses it was told and still lasts; raises BadInput
        where that is nowhere.

        `then`: what else is written with it; it gets the event that this becomes, and a notice that
        told of it.
        """
        now = self._now()
        with self._database.writing() as connection:
            rows = open_notifications.of_event(connection, event)
            count = open_notifications.acknowledge(connection, event, who, now)
            if not count:
                raise BadInput([Problem("ack", _why_not(rows), "see `bondbridge channels open`")])
            told = _acknowledged(rows[0], who, now)
            event_store.record(connection, [told])
            then(connection, told, job_store.get(connection, rows[0]["job"]))
        log.info("acknowledged", id=event, who=who)
        return count

    def open(self) -> list[Body]:
        """What was told and lasts, oldest first: see `shown`."""
        with self._database.reading() as connection:
            return [shown(row) for row in open_notifications.every_open(connection)]

    def of_event(self, event: str) -> list[Body]:
        """Wherever this event was told and is followed, over or not: see `shown`."""
        with self._database.reading() as connection:
            return [shown(row) for row in open_notifications.of_event(connection, event)]


def shown(row: RowMapping) -> Body:
    """`{"event", "type", "server", "address", "title", "told_at", "repeated", "acked_by",
    "acked_at", "ended_at"}`.
    """
    names = ("event", "type", "server", "told_at", "repeated", "acked_by", "acked_at", "ended_at")
    return {
        **{name: row[name] for name in names},
        "address": row["target"],
        "title": row["request"]["title"],
    }


def _due(connection: Connection, row: RowMapping, now: datetime) -> Sequence[Job]:
    job = job_store.get(connection, row["job"])
    made = list[Job]()
    if (
        row["escalate_at"] is not None
        and row["escalate_at"] <= now
        and open_notifications.escalated(connection, job.id)
    ):
        made += follow_up_jobs.others(job, row, now)
    if row["repeat_at"] is not None and row["repeat_at"] <= now:
        waits = job_store.reminding(connection, job)
        if open_notifications.again(connection, row, now, waits=waits) and not waits:
            made.append(follow_up_jobs.again(job, row, now))
    return made


def _why_not(rows: Sequence[RowMapping]) -> str:
    if not rows:
        return "nobody was told of this in a way that could be acknowledged"
    if all(row["ended_at"] is not None for row in rows):
        return "it is over already"
    return f"{rows[0]['acked_by']} has acknowledged it already"


def _acknowledged(row: RowMapping, who: str, now: datetime) -> Event:
    noun: Body = {
        "event": row["event"],
        "type": row["type"],
        "title": row["request"]["title"],
        "who": who,
    }
    return builder.make(
        EVENTS["event.acknowledged"],
        server=row["server"],
        subject=row["subject"],
        n=row["event"],
        time=now,
        seen_at=now,
        data={"telling": noun},
    )
