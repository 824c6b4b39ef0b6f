"""Decide: recorded events meet the rules, in order, under one lease per server."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bridge.core import events, match
from bridge.core.canonical import identity
from bridge.core.headlines import headline
from bridge.core.model import Decision, Event, Job, Ruling
from bridge.pipeline.interpret import Interpreter
from bridge.rulebook import Keeper, Rulebook
from bridge.store import decisions as decision_store
from bridge.store import events as event_store
from bridge.store import incidents as incident_store
from bridge.store import rulebooks
from bridge.store.database import Database

# Many times what a batch takes; if a worker dies with it, deciding waits no longer than this.
_LEASE = 15.0
_BATCH = 200

log = structlog.get_logger()


class Decider:
    """Decides events. `forced_live` tells whether a server's rules act although they say dry_run."""

    def __init__(
        self,
        database: Database,
        keeper: Keeper,
        interpreter: Interpreter,
        now: Callable[[], datetime],
        forced_live: Callable[[str], bool],
    ) -> None:
        self._database, self._keeper, self._now, self._forced_live = database, keeper, now, forced_live
        self._interpreter = interpreter
        self._adopted: str | None = None
        self._told: str | None = None

    def waiting(self) -> list[str]:
        """Servers with events to decide, or with something to conclude because time has passed."""
        with self._database.reading() as connection:
            return sorted({*event_store.servers_with_undecided(connection), *incident_store.due(connection, self._now())})

    def rulebook(self) -> Rulebook:
        """The newest good rulebook; a new one is remembered, a bad one is told about once."""
        with self._database.reading() as connection:
            last_good = rulebooks.newest(connection)
        book = self._keeper.current(last_good)
        if book.hash != self._adopted:
            with self._database.writing() as connection:
                rulebooks.adopt(connection, book.hash, book.sources, self._now())
            tell = log.debug if self._adopted is None else log.info
            tell("rulebook in use", rules=len(book.rules), hash=book.hash)
            self._adopted = book.hash
        self._tell_rejected()
        return book

    def run(self, server: str) -> list[Job]:
        """Decide all that waits for this server; the jobs that came of it."""
        with self._database.writing() as connection:
            fence = event_store.claim_deciding(connection, server, _LEASE)
        if fence is None:
            return []
        owed: list[Job] = []
        try:
            self._interpreter.timers(server, fence)
            while True:
                batch, jobs = self._batch(server, fence)
                owed += jobs
                if len(batch) < _BATCH:
                    return owed
        finally:
            with self._database.writing() as connection:
                event_store.release_deciding(connection, server, fence)

    def _batch(self, server: str, fence: int) -> tuple[list[Event], list[Job]]:
        book, now = self.rulebook(), self._now()
        with self._database.reading() as connection:
            recorded = event_store.undecided(connection, server, _BATCH)
        batch = self._interpreter.interpret(server, fence, recorded)
        with self._database.reading() as connection:
            keys = {key for event in batch for key in match.cooldown_keys(book.rules, event, now)}
            held = decision_store.held(connection, keys)
        forced = bool(batch) and self._forced_live(server)
        made = match.decide(book.rules, batch, match.Situation(book.hash, now, held, forced))
        with self._database.writing() as connection:
            event_store.check_deciding(connection, server, fence)
            owed = decision_store.record(connection, made)
            event_store.mark_decided(connection, batch)
        _say(batch, made)
        return batch, owed

    def _tell_rejected(self) -> None:
        rejected = self._keeper.rejected
        text = str(rejected) if rejected else None
        if text is None or text == self._told:
            self._told = text
            return
        self._told = text
        now, row, data = self._now(), events.EVENTS["rulebook.rejected"], {"problem": {"text": text}}
        # the same bad files are one happening, whichever process finds them, until a good rulebook came between
        n = identity(text, self._adopted)
        event = events.make(row, server=events.OURSELVES, subject="rulebook", n=n, time=now, seen_at=now, data=data)
        with self._database.writing() as connection:
            new = event_store.record(connection, [event])
        for each in new:
            log.error(headline(each), id=each.id)


def _say(batch: list[Event], made: list[Decision]) -> None:
    about = {event.id: event for event in batch}
    for decision in made:
        level = log.info if decision.verdict.ruling is Ruling.ACT else log.debug
        if decision.verdict.reason not in (None, "condition"):
            level = log.info
        why = decision.verdict.detail
        level(f"rule {decision.rule}: {decision.verdict}", on=headline(about[decision.event]), **({"why": why} if why else {}))
