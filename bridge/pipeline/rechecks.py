"""Rechecks: what lasts, and a rule was kept from telling, is looked at when the reason has ended.

a rule turns it away ─► until when? ─► (`recheck_evaluation`) does it last? what does the rule say
now?

The reasons that a decision names (a silence, a cooldown, an action of ours that explains it) end by
the clock. Of an incident and of a leg that flaps, anyone who notices the end says so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.core.decisions import guards
from bridge.core.events.builder import EVENTS
from bridge.core.model import Event, Reason, Ruling, Verdict
from bridge.core.rules.rule import Rule
from bridge.rulebook import Rulebook
from bridge.store.decisions import rechecks as store
from bridge.store.decisions.rechecks import Recheck
from bridge.store.observations import snapshots

# reasons of a skip that pass by themselves
_PASSING = frozenset({Reason.SILENCED, Reason.COOLDOWN, Reason.EXPLAINED, Reason.EXPIRED})
# what an event was known to be that a condition may go by, and that passes
_KNOWN = ("explained", "hands_off")
_MINUTE = timedelta(minutes=1)


def judges(rule: Rule) -> bool:
    """Whether what lasts is judged by this rule again: it only tells, or says that it means what
    lasts.
    """
    return rule.shape is None and (rule.lasting or not rule.calls)


def until(
    rule: Rule, known: Mapping[str, object], verdict: Verdict, now: datetime
) -> datetime | None:
    """When a rule that turned something away is asked again; None where time changes nothing.

    What nobody knows the end of is looked at every so often.
    """
    if verdict.ruling is not Ruling.SKIP:
        return None
    if verdict.reason in _PASSING:
        if verdict.until and verdict.until > now:
            return verdict.until
        return now + guards.LOOK_AGAIN
    if verdict.reason is not Reason.CONDITION:
        return None
    if any(known.get(name) for name in _KNOWN):
        return now + guards.LOOK_AGAIN
    if rule.by_the_clock:
        return now + _MINUTE
    return None


def turned_away(
    connection: Connection,
    book: Rulebook,
    said: Iterable[tuple[str, str, Verdict]],
    about: Mapping[str, Event],
    now: datetime,
) -> None:
    """What lasts and was turned away by what passes is looked at again. `said`: (rule, event,
    verdict).
    """
    wanted: dict[str, dict[tuple[str, str], Recheck]] = {}
    for name, identifier, verdict in said:
        rule = book.rule(name)
        event = about.get(identifier)
        if rule is None or event is None or not _lasts(event) or not judges(rule):
            continue
        again_at = until(rule, event.known, verdict, now)
        if again_at is not None:
            mine = wanted.setdefault(event.server, {})
            each = _of(event, again_at)
            sooner = mine.get(each.key, each)
            mine[each.key] = min(each, sooner, key=lambda one: one.due_at)
    for server, rows in wanted.items():
        store.put(connection, server, list(rows.values()))


def of_bonds(
    connection: Connection,
    server: str,
    bonds: Collection[int],
    legs: Mapping[int, Sequence[int]],
    now: datetime,
) -> None:
    """Bonds stand for themselves from now on: how they and these of their legs are is looked at.

    So is whatever waits already: it may have been held by the same.
    """
    if not bonds:
        return
    store.hasten(connection, server, now)
    subjects = {f"bond_condition/{bond}" for bond in bonds}
    of_subjects(
        connection,
        server,
        subjects | {f"leg/{leg}" for bond in bonds for leg in legs.get(bond, ())},
        now,
    )


def of_subjects(
    connection: Connection, server: str, subjects: Collection[str], now: datetime
) -> None:
    """What lasts of these objects is looked at now: what they show, and an event began."""
    keys = {(kind, name) for kind, _, name in (subject.partition("/") for subject in subjects)}
    if keys:
        bodies = snapshots.bodies(connection, server, keys, there=True)
    else:
        bodies = {}
    shown = {
        (row.name, f"{kind}/{name}")
        for (kind, name), body in bodies.items()
        for row in EVENTS.values()
        if row.kind == kind and row.still and row.still(body)
    }
    if not shown:
        return
    types = {name for name, _ in shown}
    began = store.newest(connection, server, {subject for _, subject in shown}, types)
    store.put(
        connection, server, [_of(each, now) for each in began if (each.type, each.subject) in shown]
    )


def _lasts(event: Event) -> bool:
    row = EVENTS.get(event.type)
    return bool(row and row.ends) and not event.data.get("over")


def _of(event: Event, moment: datetime) -> Recheck:
    began = str(event.data.get("origin") or event.id)
    return Recheck(event.server, event.type, event.subject, began, moment, moment)
