"""Was it seen? After a call that was answered well, its effect is looked for until it shows or
should have shown.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from bridge.actions.action import Action
from bridge.core.decisions import expression_context
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.expressions.evaluator import (
    ConditionError,
    Expression,
    ExpressionContext,
    compile_expression,
)
from bridge.core.model import Event, Job, Json
from bridge.errors import AgainLater
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.store.database import Database
from bridge.store.decisions import fact_queries
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import snapshots

# nouns of an event that the view can show anew, and the kinds that show them
_SHOWN = {
    "bond": ("bond", "placement"),
    "leg": ("leg",),
    "aggregator": ("aggregator",),
    "tuning": ("bond_tuning", "leg_tuning"),
}
_AT = {"primary": "aggregator", "current": "aggregator"}


class EffectVerifier:
    """`now` is domain time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def holds(self, job: Job, action: Action[Any]) -> tuple[bool | None, str]:
        """Whether its effect shows, and how that is said; None where nothing newer than the call
        can be seen yet.
        """
        expect = (job.verify or {}).get("expect")
        if expect is not None:
            return self._expected(job, _compiled(str(expect)))
        try:
            shown = action.look(job.server, job.request)
        except AgainLater as error:
            return None, f"cannot look: {error}"
        if shown is None:
            return True, "the server does not show whether it took effect"
        return shown, "seen" if shown else "the server does not show it"

    def _expected(self, job: Job, expression: Expression) -> tuple[bool | None, str]:
        now = self._now()
        with self._database.reading() as connection:
            answers = DatabaseFacts(connection, job.server, now, {})
            event, sent = answers.event(job.event), job_store.sent_at(connection, job.id)
            looked_at = _looked_at(connection, event, expression)
            stale = sorted(
                {scope for scope, at in looked_at if scope and (at is None or (sent and at < sent))}
            )
            if not stale:
                try:
                    holds = expression.holds(_anew(event, now, RecordingFacts(answers)))
                except ConditionError as error:
                    return False, str(error)
                return holds, f"{expression.source} {'holds' if holds else 'does not hold'}"
        with self._database.writing() as connection:
            snapshots.hurry(connection, job.server, stale, now)
        return None, f"not polled since: {', '.join(stale)}"


@lru_cache(maxsize=200)
def _compiled(source: str) -> Expression:
    return compile_expression(source)


def _looked_at(
    connection: Connection, event: Event, expression: Expression
) -> list[tuple[str | None, datetime | None]]:
    """The scopes that show what the expression names, each with when its newest whole walk
    began.
    """
    found = []
    for noun in expression.roots & _SHOWN.keys():
        for kind in _kinds(event, noun):
            key = str((event.data.get(noun) or {}).get("id"))
            scope = fact_queries.scope_of_object(connection, event.server, kind, key)
            found.append((scope, fact_queries.seen_one(connection, event.server, kind, key)))
    return found


def _kinds(event: Event, noun: str) -> tuple[str, ...]:
    kinds = _SHOWN[noun]
    if noun == "tuning" and event.type.partition(".")[0] in kinds:
        return (event.type.partition(".")[0],)
    return kinds


def _anew(event: Event, now: datetime, facts: RecordingFacts) -> ExpressionContext:
    """The event's nouns as the view shows them now; `primary` and `current` are those of the bond
    now.
    """
    anew: dict[str, Json] = {}
    for noun, body in event.data.items():
        if noun in _SHOWN and isinstance(body, dict):
            anew[noun] = (
                expression_context.viewed(
                    facts, event.server, _kinds(event, noun)[0], body.get("id")
                )
                or body
            )
    bond = anew.get("bond")
    for noun in _AT.keys() & event.data.keys():
        if bond:
            anew[noun] = expression_context.viewed(
                facts, event.server, "aggregator", bond.get(noun)
            ) or {"id": bond.get(noun)}
    return expression_context.of((event,), now, facts, anew)
