"""An edited rule meets what still waits of it as it was: all of that is judged as the rule is now.

waits of decisions, groups, counts ─► judged again at once · jobs not done yet ─► fitted to the
rule, or ended with why
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.decisions import edited_rule, guards
from bridge.core.decisions.event_counts import event_key
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import Intent
from bridge.core.expressions.evaluator import ConditionError
from bridge.core.model import Job, JobState, Mode, Reason, Ruling, Verdict
from bridge.core.rules.rule import Count, Rule
from bridge.pipeline.approvals import approver
from bridge.pipeline.approvals.approver import ApprovalTargets, Asked
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.internal_errors import within
from bridge.pipeline.server_lease import Lease
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import approvals, pending_work
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import events as event_store

_EDITED = "the rule as it was edited"
# what an edit can make needless to ask; what else is asked stays asked
_RULES_OWN = frozenset({Reason.APPROVAL, Reason.BLAST_RADIUS, Reason.UNDONE, Reason.TUNING})
_ASKING = (guards.undone, guards.tuning, guards.blast_radius, guards.approval)

log = structlog.get_logger()


class Edits:
    """`now` is domain time; `servers`: those that are watched; `targets`: who can be asked;
    `spaces`: where rules may act.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        servers: Sequence[str],
        *,
        targets: ApprovalTargets,
        spaces: Mapping[str, Sequence[str]],
    ) -> None:
        self._database = database
        self._now = now
        self._servers = servers
        self._targets = targets
        self._spaces = spaces

    def to_look(self, connection: Connection, book: Rulebook) -> set[str]:
        """Servers on which what waits has not been looked at since the rules were edited."""
        return {
            each for each in self._servers if pending_work.looked_for(connection, each) != book.hash
        }

    def run(self, lease: Lease, book: Rulebook) -> None:
        """Look at all that waits of rules that are not any more what they were."""
        server = lease.server
        with self._database.reading() as connection:
            if (
                server not in self._servers
                or pending_work.looked_for(connection, server) == book.hash
            ):
                return
            left = _edited(pending_work.unfinished(connection, server, book.hash), book)
        for row in left:
            with self._database.writing() as connection:
                lease.hold(connection)
                with within(
                    connection, self._now(), "decide", f"an edit of rule {row['rule']}", server
                ):
                    self._fit(connection, server, row, book)
        with self._database.writing() as connection:
            lease.hold(connection)
            self._judge_again(connection, server, book)
            pending_work.looked(connection, server, book.hash, self._now())

    def _judge_again(self, connection: Connection, server: str, book: Rulebook) -> None:
        """What waits is due at once; deciding goes on with it."""
        now = self._now()
        due = {
            row["id"] for row in _edited(pending_work.waiting(connection, server, book.hash), book)
        }
        groups = {
            row["gathering"] for row in _edited(pending_work.grouped(connection, server), book)
        }
        pending_work.take_apart(connection, groups, now)
        for rule in book.rules:
            if isinstance(rule.shape, Count):
                due |= self._count_anew(connection, server, rule, rule.shape)
        pending_work.bring_forward(connection, due, now)
        if due or groups:
            log.info(
                "judged again, since rules were edited",
                server=server,
                decisions=len(due),
                groups=len(groups),
            )

    def _count_anew(
        self, connection: Connection, server: str, rule: Rule, shape: Count
    ) -> set[str]:
        """What counted before counts by what the rule counts by now; the newest of each are judged
        again.
        """
        now = self._now()
        since = now - timedelta(seconds=shape.over)
        rows = pending_work.counting(connection, server, rule.id, since)
        if all(row["written"] == rule.hash for row in rows):
            return set()
        answers = DatabaseFacts(connection, server, now, {rule.id: rule}, bulk=True)
        facts = RecordingFacts(answers)
        keys: dict[str, str] = {}
        newest: dict[str, str] = {}
        for row in rows:
            event = answers.event(row["event"])
            counts = edited_rule.against(rule, event, facts, now) is None
            about = (event_key(rule, event, now, facts) or "") if counts else ""
            keys[row["id"]] = about
            if row["reason"] == Reason.COUNT and about:
                newest[about] = row["id"]
        pending_work.count_by(connection, keys)
        return set(newest.values())

    def _fit(self, connection: Connection, server: str, row: RowMapping, book: Rulebook) -> None:
        """The jobs that one decision has left, and the question about them."""
        now = self._now()
        rule = book.rule(row["rule"])
        # the question first, as anyone who answers it does: an answer and this never wait for each
        # other
        asked = approvals.of_decision(connection, row["id"])
        if asked is not None:
            question = approvals.lock(connection, asked["id"])
        else:
            question = None
        jobs = job_store.of_decision(connection, row["id"])
        if rule is None:
            left = [job for job in jobs if edited_rule.left(job)]
            fitted = edited_rule.Fitted(
                ended=tuple((job, guards.gone(row["rule"])) for job in left)
            )
        else:
            fitted = edited_rule.fitted(self._left(connection, server, rule, row, jobs))
        pending_work.refit(connection, [*fitted.kept, *(job for job, _ in fitted.ended)])
        for job, verdict in fitted.ended:
            job_store.end(connection, [job], verdict, now)
        job_store.add(connection, fitted.new)
        if str(fitted):
            anew = Verdict(
                Ruling.ACT, Reason.RULE_CHANGED, f"the rule was edited; of what was left: {fitted}"
            )
            decision_store.add_verdict(connection, row["id"], None, anew, now)
        self._question(connection, server, row["id"], rule, question, fitted.new)
        self._go_on(connection, row["id"], now)

    def _left(
        self,
        connection: Connection,
        server: str,
        rule: Rule,
        row: RowMapping,
        jobs: Sequence[Job],
    ) -> edited_rule.Left:
        """What was known when it was planned is known again; what the rule asks besides is asked
        now.
        """
        decision = decision_store.get(connection, row["id"])
        answers = DatabaseFacts(
            connection, server, self._now(), {rule.id: rule}, spaces=self._spaces.get(server, ())
        )
        facts = RecordingFacts(answers)
        facts.recall(decision.facts["asked"])
        known = {each.id: each for each in event_store.several(connection, decision.events)}
        events = [known[each] for each in decision.events if each in known]
        planned = datetime.fromisoformat(decision.facts["now"])
        return edited_rule.Left(rule, decision.id, events, jobs, facts, planned, self._now())

    def _question(
        self,
        connection: Connection,
        server: str,
        name: str,
        rule: Rule | None,
        question: RowMapping | None,
        new: Sequence[Job],
    ) -> None:
        """Whether somebody is asked, who, and about what, goes by the rule as it is now. `new`:
        what nobody was asked about.
        """
        now = self._now()
        jobs = [job for job in job_store.of_decision(connection, name) if edited_rule.left(job)]
        held = [job for job in jobs if job.state is JobState.HELD]
        if question is not None and question["state"] == approvals.ASKED:
            opened = question
        else:
            opened = None
        if rule is None or rule.mode is Mode.DRY_RUN:
            if opened is not None:
                approver.withdraw(connection, name, _EDITED, self._targets.channels, now)
            dry = Verdict(Ruling.SKIP, Reason.DRY_RUN, "the rule has been set to dry_run since")
            job_store.end(connection, held, dry, now)
            return
        about = held if opened is not None else jobs if question is None else new
        asks = self._asks(connection, server, name, rule, about)
        if opened is not None and opened["reason"] not in _RULES_OWN:
            if held:
                asks = Verdict(Ruling.ASK, Reason(opened["reason"]), opened["detail"])
            else:
                asks = None
        if asks is not None:
            self._put(connection, name, rule, opened, about, asks)
        elif opened is not None:
            self._release(connection, name, Reason(opened["reason"]), held)

    def _release(
        self, connection: Connection, name: str, reason: Reason, held: Sequence[Job]
    ) -> None:
        """The rule asks no more: what nothing else holds up goes on."""
        now = self._now()
        approver.withdraw(connection, name, _EDITED, self._targets.channels, now)
        for job in held:
            free = Verdict(
                Ruling.ACT, Reason.RULE_CHANGED, f"the rule asks nobody any more ({reason})"
            )
            decision_store.add_verdict(connection, name, job.id, free, now)
        job_store.release(connection, name, now)

    def _put(
        self,
        connection: Connection,
        name: str,
        rule: Rule,
        opened: RowMapping | None,
        about: Sequence[Job],
        asks: Verdict,
    ) -> None:
        """Ask, or ask anew where anyone who is asked, or what about, is not the same any more."""
        now = self._now()
        decision = decision_store.get(connection, name)
        pending_work.hold(connection, [job.id for job in about])
        asked = Asked(decision, [replace(job, state=JobState.HELD) for job in about], asks)
        if opened is not None and approver.same(connection, opened, asked, rule, self._targets):
            return
        if opened is not None:
            approver.withdraw(connection, name, _EDITED, self._targets.channels, now)
        else:
            decision_store.add_verdict(connection, name, about[0].id, asks, now)
        approver.ask(connection, asked, rule, self._targets, now, anew=True)

    def _asks(
        self, connection: Connection, server: str, name: str, rule: Rule, calls: Sequence[Job]
    ) -> Verdict | None:
        """What a person is asked about before the rule, as it is now, does this."""
        calls = [job for job in calls if job.action == "call" and not job.attempts]
        if not calls:
            return None
        now, decision = self._now(), decision_store.get(connection, name)
        answers = DatabaseFacts(
            connection, server, now, {rule.id: rule}, spaces=self._spaces.get(server, ())
        )
        events = event_store.several(connection, decision.events)
        facts = RecordingFacts(answers)
        try:
            needed = edited_rule.needs_approval(rule, events, facts, now)
            facts.note_approval(needed=needed)
        except ConditionError as error:
            return Verdict(
                Ruling.ASK, Reason.APPROVAL, f"whether the rule asks cannot be known: {error}"
            )
        intent = Intent(rule, server, events, name, facts, now, now, calls, about=decision.about)
        return next((verdict for guard in _ASKING if (verdict := guard(intent)) is not None), None)

    @staticmethod
    def _go_on(connection: Connection, name: str, now: datetime) -> None:
        """What nothing holds up any more takes its turn; where nothing is left, the cooldown counts
        from now.
        """
        jobs = job_store.of_decision(connection, name)
        own = [job for job in jobs if job.parent is None]
        if own and not any(job.state is JobState.HELD for job in own):
            job_store.move_on(connection, own[0], now)


def _edited(rows: Sequence[RowMapping], book: Rulebook) -> list[RowMapping]:
    """Those whose rule is gone, or is not any more what it was."""
    rules = {rule.id: rule.hash for rule in book.rules}
    return [
        row
        for row in rows
        if row["written"] is not None and row["written"] != rules.get(row["rule"])
    ]
