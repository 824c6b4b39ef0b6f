"""What an event goes through before the guards: the condition, and whatever its rule waits for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.core.canonical_json import canonical, identity
from bridge.core.decisions import expression_context, guard_evaluation, guards
from bridge.core.decisions.evaluation import Evaluation, per_value
from bridge.core.durations import spoken
from bridge.core.model import Event, Gathering, Json, Reason, Ruling, Verdict
from bridge.core.rules.rule import Absent, Count, Rule


def concerns(rule: Rule, event: Event) -> bool:
    """Whether the event passes the equality tests that the condition begins with: cheaper than
    evaluating it.

    What cannot be reached passes: only the evaluator can say what is wrong with it.
    """
    return all(_at(event, path) in (_NOWHERE, value) for path, value in rule.tests)


_NOWHERE = object()


def _at(event: Event, path: Sequence[str]) -> Json:
    """The value of a dotted path, without the evaluator; `_NOWHERE` where it does not lead
    anywhere.
    """
    first, *rest = path
    here: Json = event.data.get(first, _NOWHERE)
    if first in ("event", "known", "server"):
        here = (
            expression_context.told(event)
            if first == "event"
            else event.known
            if first == "known"
            else event.server
        )
    for part in rest:
        if not isinstance(here, Mapping) or part not in here:
            return _NOWHERE
        here = here[part]
    return here


def first_look(evaluation: Evaluation) -> Verdict | None:
    """A new event: the condition, then whatever `when` waits for."""
    return (
        _condition(evaluation)
        or _unfit(evaluation)
        or _counted(evaluation)
        or _absent(evaluation)
        or _lasts(evaluation)
        or _ready(evaluation)
    )


def after(evaluation: Evaluation, waited: Reason) -> Verdict | None:
    """Judged again after a wait."""
    if waited is Reason.ABSENT:
        return _came(evaluation) or _ready(evaluation)
    if waited in (Reason.FOR, Reason.STALE):
        return _lasted(evaluation) or _condition(evaluation) or _ready(evaluation)
    return _ready(evaluation)


def afresh(evaluation: Evaluation) -> Verdict | None:
    """Judged from the beginning, since the rule was edited while it waited; what ended meanwhile
    needs nothing more.
    """
    # it waited on purpose until now, so it is no old news
    evaluation.ripe = evaluation.context.now
    return (
        _condition(evaluation)
        or _unfit(evaluation)
        or _counted(evaluation)
        or _absent(evaluation)
        or _lasts(evaluation)
        or _ended(evaluation)
        or _ready(evaluation)
    )


def _ended(evaluation: Evaluation) -> Verdict | None:
    ended = evaluation.facts.ended(evaluation.event.id)
    if ended is None:
        return None
    evaluation.say("for", "ended", ended)
    return Verdict(Ruling.SKIP, Reason.ENDED, f"it ended at {ended[:19].replace('T', ' ')} UTC")


def _ready(evaluation: Evaluation) -> Verdict | None:
    if evaluation.rule.group is not None:
        return _join(evaluation)
    return guard_evaluation.member(evaluation) or guard_evaluation.guarded(evaluation)


def _condition(evaluation: Evaluation) -> Verdict | None:
    condition = evaluation.rule.condition
    if condition is None:
        return None
    holds = concerns(evaluation.rule, evaluation.event) and condition.holds(
        evaluation.expression_context
    )
    evaluation.say("if", "holds" if holds else "does not hold", condition.source)
    return None if holds else Verdict(Ruling.SKIP, Reason.CONDITION, condition.source)


def _unfit(evaluation: Evaluation) -> Verdict | None:
    blind = guards.blind(evaluation.event, evaluation.rule)
    if blind:
        evaluation.say("guard blind", "stops", blind.detail)
        return blind
    over = guards.over(evaluation.event, evaluation.rule)
    if over:
        evaluation.say("guard over", "over", "it had ended before it was found")
    deep = guards.loop(evaluation.event)
    if deep:
        evaluation.say("guard loop", "too deep", deep.detail)
    return over or deep


def _counted(evaluation: Evaluation) -> Verdict | None:
    shape = evaluation.rule.shape
    if not isinstance(shape, Count):
        return None
    evaluation.about = canonical(per_value(shape.per, evaluation.expression_context))
    since = evaluation.event.time - timedelta(seconds=shape.over)
    until = evaluation.event.time
    rule, server = evaluation.rule.id, evaluation.event.server
    # one that counted before the rule was edited is among them
    itself = 0 if evaluation.edited is Reason.COUNT else 1
    count = itself + evaluation.facts.counted(rule, server, evaluation.about, since, until)
    evaluation.say(
        "count",
        f"{count} of {shape.at_least}",
        f"within {spoken(shape.over)}, by {evaluation.about}",
    )
    if count >= shape.at_least:
        return None
    return Verdict(
        Ruling.SKIP,
        Reason.COUNT,
        f"{count} within {spoken(shape.over)}, {shape.at_least} are needed",
    )


def _absent(evaluation: Evaluation) -> Verdict | None:
    shape = evaluation.rule.shape
    if not isinstance(shape, Absent):
        return None
    due = evaluation.event.time + timedelta(seconds=shape.within)
    if due <= evaluation.context.now:
        return _came(evaluation)
    return _until(
        evaluation, Reason.ABSENT, due, f"whether one of {', '.join(sorted(shape.types))} comes"
    )


def _came(evaluation: Evaluation) -> Verdict | None:
    shape = evaluation.rule.shape
    if not isinstance(shape, Absent):
        return None
    due = evaluation.event.time + timedelta(seconds=shape.within)
    evaluation.ripe = max(due, evaluation.ripe or due)
    key = canonical(per_value(shape.per, evaluation.expression_context))
    rule, server = evaluation.rule.id, evaluation.event.server
    came = evaluation.facts.came(rule, server, key, evaluation.event.time, due)
    evaluation.say(
        "absent", "came" if came else "absent", f"{', '.join(sorted(shape.types))} by {key}"
    )
    if came:
        return Verdict(Ruling.SKIP, Reason.CAME, f"it came: event {came[:8]}")
    return None


def _lasts(evaluation: Evaluation) -> Verdict | None:
    if evaluation.rule.lasts is None:
        return None
    due = evaluation.event.time + timedelta(seconds=evaluation.rule.lasts)
    if evaluation.context.now < due:
        return _until(
            evaluation, Reason.FOR, due, f"whether it lasts {spoken(evaluation.rule.lasts)}"
        )
    return _lasted(evaluation)


def _lasted(evaluation: Evaluation) -> Verdict | None:
    """Whether it has lasted: no end came, and a view newer than the due time still shows it. Blind
    time waits.
    """
    due = evaluation.event.time + timedelta(seconds=evaluation.rule.lasts or 0)
    evaluation.ripe = max(due, evaluation.ripe or due)
    over = _ended(evaluation)
    if over:
        return over
    shown = evaluation.facts.shown(evaluation.event.id)
    if shown is None:
        return None
    if shown["seen"]:
        seen = datetime.fromisoformat(shown["seen"])
    else:
        seen = None
    if seen is None or seen < due:
        # looked at again as often as is sensible; what is not seen is never taken for over
        again_at = max(due, evaluation.context.now) + guards.LOOK_AGAIN
        return _until(
            evaluation, Reason.STALE, again_at, "what the server shows is older than that"
        )
    evaluation.say(
        "for", "lasted" if shown["holds"] else "is not so any more", f"seen {shown['seen']}"
    )
    if shown["holds"]:
        return None
    return Verdict(Ruling.SKIP, Reason.ENDED, "it is not so any more")


def _join(evaluation: Evaluation) -> Verdict:
    """The event goes into the group that is open, or opens one."""
    group = evaluation.rule.group
    assert group is not None  # noqa: S101  asked before
    key = canonical(per_value(group.by, evaluation.expression_context))
    found = evaluation.facts.group(evaluation.rule.id, evaluation.event.server, key)
    now = evaluation.context.now
    if found is None:
        # of a group that was taken apart, since its rule was edited, the wait goes on
        began = now if evaluation.edited is None else min(now, evaluation.event.seen_at)
        until = max(now, began + timedelta(seconds=group.wait))
        name = identity("group", evaluation.rule.id, evaluation.event.id)
        name = name if evaluation.edited is None else identity(name, now.isoformat())
        evaluation.group = Gathering(name, key, until)
    else:
        full = found["members"] + 1 >= group.most
        evaluation.group = Gathering(
            found["id"], key, now if full else datetime.fromisoformat(found["until"])
        )
    evaluation.say("group", "joins" if found else "opens one", key, evaluation.group.id[:8])
    detail = f"in a group until {evaluation.group.until:%Y-%m-%d %H:%M:%S} UTC"
    return Verdict(Ruling.WAIT, Reason.GROUP, detail, evaluation.group.until)


def _until(evaluation: Evaluation, reason: Reason, due: datetime, detail: str) -> Verdict:
    evaluation.due_at = due
    evaluation.say(reason.value, "waits", f"until {due.isoformat()}")
    return Verdict(Ruling.WAIT, reason, detail, due)
