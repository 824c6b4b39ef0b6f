"""Steering: what people say to the bridge at any time. The command line, the API, the pages and
chat all say it here.

`who` is the person who says it, `place` where: both stand in the event that each of these is. What
makes no sense is BadInput, with what to do instead.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.durations import seconds
from bridge.core.events.operator_events import Deed
from bridge.core.json_safety import fits
from bridge.core.model import Body, JobState
from bridge.core.rules.vocabulary import nearest
from bridge.errors import BadInput, Problem
from bridge.pipeline.approvals.approver import Answered, Answerer, Approver
from bridge.pipeline.deliver.admission import paused_event
from bridge.pipeline.messages import plan_view, question_jobs
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import approvals, rechecks
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import audit_log, snapshots
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store

_MOST = 100
# what is paused where no server is named
EVERYTHING = "all actions"
# a silence without an end is a blind spot
_LONGEST = timedelta(days=30)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A silence as it is wanted: `about` such as "bond/3", "" for the whole server; `acts`: acting
    is held back too.
    """

    server: str
    lasts: str
    why: str
    types: Sequence[str] = ("*",)
    about: str = ""
    acts: bool = False


class OperatorControls:
    """`now` is domain time; `servers`: those that are watched; `types`: every event type there
    is.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        approver: Approver,
        *,
        servers: Sequence[str],
        types: Iterable[str],
    ) -> None:
        self._database = database
        self._now = now
        self._approver = approver
        self._servers = servers
        self._types = sorted(types)

    # --- pauses ---

    def pause(self, server: str, who: str, why: str, place: str = "") -> bool:
        """Stop all acting on a server, or everywhere (""). False if it stands still already. Raises
        BadInput.
        """
        self._check_server("pause", server)
        _check_why("pause", why)
        now = self._now()
        with self._database.writing() as connection:
            if not controls.pause(connection, server, now, who, why):
                return False
            event_store.record(
                connection, [paused_event("bridge.paused", server, who, why, now, place)]
            )
            deed = Deed("paused", who, place, server or EVERYTHING, why, server)
            audit_log.record(connection, deed, now)
        log.warning("paused", server=server or "everywhere", who=who, why=why)
        return True

    def resume(self, server: str, who: str, place: str = "") -> bool:
        """Let acting go on. False if nothing was paused so. Raises BadInput."""
        self._check_server("resume", server)
        now = self._now()
        with self._database.writing() as connection:
            if not controls.resume(connection, server, now, who):
                return False
            event_store.record(
                connection, [paused_event("bridge.resumed", server, who, "", now, place)]
            )
            deed = Deed("resumed", who, place, server or EVERYTHING, server=server)
            audit_log.record(connection, deed, now)
        log.warning("resumed", server=server or "everywhere", who=who)
        return True

    def pauses(self) -> list[Body]:
        """The pauses that hold: `{"server": "demo" or None, "since", "who", "why"}`."""
        with self._database.reading() as connection:
            rows = controls.paused(connection)
        return [
            {
                "server": row["server"] or None,
                **{name: row[name] for name in ("since", "who", "why")},
            }
            for row in rows
        ]

    # --- silences ---

    def silence(self, wanted: SilenceRequest, who: str, place: str = "") -> Body:
        """Begin a silence. Raises BadInput."""
        server = self.only_server("silence", wanted.server)
        _check_why("silence", wanted.why)
        problems = [self._unknown_type(glob) for glob in wanted.types if not self._meets(glob)]
        if problems:
            raise BadInput(problems)
        now = self._now()
        until = now + _length(wanted.lasts)
        with self._database.writing() as connection:
            _check_there(connection, server, wanted.about)
            types = sorted(set(wanted.types))
            name = controls.silence(
                connection,
                server,
                types,
                wanted.about,
                now,
                until,
                who,
                wanted.why,
                acts=wanted.acts,
            )
            (row,) = controls.find_silences(connection, name, now)
            deed = Deed("silenced", who, place, wanted.about or server, wanted.why, server, until)
            audit_log.record(connection, deed, now)
        log.warning(
            "silenced", server=server, types=types, about=wanted.about, who=who, why=wanted.why
        )
        return _silence(row)

    def silences(self) -> list[Body]:
        """The silences that hold."""
        with self._database.reading() as connection:
            return [_silence(row) for row in controls.silences_at(connection, self._now())]

    def end_silence(self, beginning: str, who: str, place: str = "") -> str:
        """End the silence whose id begins so; its id. Raises BadInput if it is not one."""
        with self._database.writing() as connection:
            rows = controls.find_silences(connection, beginning, self._now())
            if len(rows) != 1:
                raise _not_one("silences", beginning, rows)
            controls.end_silence(connection, rows[0]["id"], self._now())
            server = rows[0]["server"]
            rechecks.hasten(connection, server, self._now())
            deed = Deed("silence_ended", who, place, rows[0]["about"] or server, server=server)
            audit_log.record(connection, deed, self._now())
        log.warning("silence ended", id=rows[0]["id"], who=who)
        return str(rows[0]["id"])

    # --- people at work ---

    def hands_off(
        self, server: str, bond: int, lasts: str, who: str, why: str, place: str = ""
    ) -> datetime:
        """Somebody works on a bond: no rule acts on it until the moment that this gives. Raises
        BadInput.
        """
        server = self.only_server("hands-off", server)
        if not fits(bond):
            raise BadInput(
                [Problem("hands-off", f"there is no bond {bond}", "name one that there is")]
            )
        now = self._now()
        until = now + _length(lasts, "hands-off")
        with self._database.writing() as connection:
            incident_store.hold(connection, server, bond, until, who, why)
            deed = Deed("hands_off", who, place, f"bond/{bond}", why, server, until)
            audit_log.record(connection, deed, now)
        log.warning("hands off", server=server, bond=bond, who=who, why=why)
        return until

    def let_go(self, server: str, bond: int, who: str, place: str = "") -> bool:
        """Nobody works on the bond any more. False if nobody did. Raises BadInput."""
        server = self.only_server("hands-off", server)
        with self._database.writing() as connection:
            held = bond in incident_store.held(connection, server, self._now())
            incident_store.let_go(connection, server, bond)
            rechecks.hasten(connection, server, self._now())
            if held:
                deed = Deed("hands_off_ended", who, place, f"bond/{bond}", server=server)
                audit_log.record(connection, deed, self._now())
        if held:
            log.warning("hands off no more", server=server, bond=bond, who=who)
        return held

    # --- rules that are off ---

    def switch_on(self, rule: str, who: str, place: str = "") -> int:
        """Switch a rule on again that its breaker switched off; on how many servers it was off.
        Raises BadInput.
        """
        with self._database.writing() as connection:
            off = sorted({row["rule"] for row in controls.all_tripped(connection)})
            if rule not in off:
                mend = nearest(rule, off) or (
                    f"off: {', '.join(off)}" if off else "no rule is switched off"
                )
                raise BadInput(
                    [
                        Problem(
                            "rules resume",
                            f"the rule {rule!r} is not switched off by its breaker",
                            mend,
                        )
                    ]
                )
            count = controls.switch_on(connection, rule, self._now())
            audit_log.record(
                connection, Deed("rule_switched_on", who, place, f"rule/{rule}"), self._now()
            )
        log.warning("rule switched on", rule=rule, who=who)
        return count

    def tripped(self) -> list[Body]:
        """Rules that their breakers have switched off."""
        with self._database.reading() as connection:
            return [dict(row) for row in controls.all_tripped(connection)]

    # --- questions ---

    def questions(self, *, answered: bool = False) -> list[Body]:
        """Questions that wait for an answer, oldest first, each with its `plan`; or the newest,
        answered ones too.
        """
        with self._database.reading() as connection:
            if answered:
                rows = approvals.every(connection, _MOST)
            else:
                rows = approvals.waiting(connection)
            return [_question(connection, row) for row in rows]

    def question(self, beginning: str) -> Body:
        """The question whose id begins so, with its exact plan. Raises BadInput if it is not
        one.
        """
        with self._database.reading() as connection:
            rows = approvals.find(connection, beginning)
            if len(rows) != 1:
                raise _not_one("approvals", beginning, rows)
            return _question(connection, rows[0])

    def linked(self, name: str, plan: str) -> Body | None:
        """One question with its exact plan; `stale`: what would be done is not that plan any more.
        None if it is not there.
        """
        with self._database.reading() as connection:
            row = approvals.get(connection, name)
            if row is None:
                return None
            held = [
                job
                for job in job_store.of_decision(connection, row["decision"])
                if job.state is JobState.HELD
            ]
            return {
                **_question(connection, row),
                "stale": {plan, row["digest"]} != {approvals.digest(held)},
            }

    def answer(self, name: str, *, yes: bool, who: str, known: bool = True) -> Answered:
        """Say yes or no; the first answer wins. Raises KeyError for a question that there is not.

        `known`: whether `who` is a name that somebody in particular goes by.
        """
        return self._approver.decide(name, yes=yes, by=Answerer(who, who if known else None))

    # --- what makes no sense ---

    def only_server(self, where: str, server: str) -> str:
        """The server that is meant; where there is one, it need not be named. Raises BadInput."""
        self._check_server(where, server)
        if not server and len(self._servers) > 1:
            raise BadInput(
                [
                    Problem(
                        where, "there are several servers", f"say which: {', '.join(self._servers)}"
                    )
                ]
            )
        return server or self._servers[0]

    def _check_server(self, where: str, server: str) -> None:
        if server and server not in self._servers:
            raise BadInput(
                [Problem(where, f"no server is called {server!r}", nearest(server, self._servers))]
            )

    def _meets(self, glob: str) -> bool:
        return any(fnmatchcase(name, glob) for name in self._types)

    def _unknown_type(self, glob: str) -> Problem:
        return Problem(
            "silence",
            f"no event is called {glob!r}",
            nearest(glob, self._types) or "see docs/events.md",
        )


def _check_why(where: str, why: str) -> None:
    if not why.strip():
        raise BadInput([Problem(where, "say why, for the next shift", "--why 'TEXT'")])


def _check_there(connection: Connection, server: str, about: str) -> None:
    """Raises BadInput for an object that the bridge does not see: silencing it would hold nothing
    back.
    """
    if not about:
        return
    kind, _, identifier = about.partition("/")
    if kind not in ("bond", "leg", "space") or not identifier:
        raise BadInput(
            [
                Problem(
                    "silence",
                    f"{about!r} is nothing to be silenced",
                    "such as bond/3, leg/12, space/acme",
                )
            ]
        )
    there = snapshots.bodies(connection, server, [(kind, identifier)])
    # what is never polled cannot be looked for
    if not there and snapshots.bodies_of(connection, server, [kind]):
        what = f"{server} has no {kind} {identifier}, as far as it was polled"
        raise BadInput(
            [Problem("silence", what, "bonds and legs go by their id, spaces by their key")]
        )


def _length(text: str, where: str = "silence") -> timedelta:
    try:
        length = timedelta(seconds=seconds(text))
    except ValueError as error:
        raise BadInput([Problem(where, f"for: {error}")]) from error
    if not timedelta(0) < length <= _LONGEST:
        raise BadInput(
            [Problem(where, "for: it must last some time, and at most 30d", "such as 2h")]
        )
    return length


def _not_one(where: str, beginning: str, rows: Sequence[RowMapping]) -> BadInput:
    if not beginning.strip():
        return BadInput(
            [
                Problem(
                    where,
                    "which one? give its id, or the beginning of it",
                    f"see `bondbridge {where}`",
                )
            ]
        )
    what = (
        f"{'several ids' if rows else 'no id'} of {where} begin{'' if rows else 's'} with"
        f" {beginning!r}"
    )
    return BadInput(
        [Problem(where, what, "give more of it" if rows else f"see `bondbridge {where}`")]
    )


def _silence(row: RowMapping) -> Body:
    return {
        name: row[name]
        for name in ("id", "server", "types", "about", "since", "until", "who", "why", "acts")
    }


def _question(connection: Connection, row: RowMapping) -> Body:
    """A question as people see it; `plan`: what is done after a yes, none once it is answered;
    `cause`: what brought it about.

    `limits`: who may not answer.
    """
    held = [
        job
        for job in job_store.of_decision(connection, row["decision"])
        if job.state is JobState.HELD
    ]
    asked = row["state"] == approvals.ASKED
    return {
        **{name: value for name, value in row.items() if name not in ("seq", "digest")},
        "event": held[0].event if held and asked else None,
        "limits": question_jobs.limits(row) if asked else "",
        "plan": plan_view.every(connection, held) if asked else [],
        "cause": plan_view.cause(connection, held) if asked else "",
    }
