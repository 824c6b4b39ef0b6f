"""What an event goes through before the guards: the condition, and whatever its rule waits for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.core.canonical_json import canonical, identity
from bridge.core.decisions import expression_context, guard_evaluation, guards
from bridge.core.decisions.evaluation import Meeting, per_value
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


def first_look(meeting: Meeting) -> Verdict | None:
    """A new event: the condition, then whatever `when` waits for."""
    return (
        _condition(meeting)
        or _unfit(meeting)
        or _counted(meeting)
        or _absent(meeting)
        or _lasts(meeting)
        or _ready(meeting)
    )


def after(meeting: Meeting, waited: Reason) -> Verdict | None:
    """Judged again after a wait."""
    if waited is Reason.ABSENT:
        return _came(meeting) or _ready(meeting)
    if waited in (Reason.FOR, Reason.STALE):
        return _lasted(meeting) or _condition(meeting) or _ready(meeting)
    return _ready(meeting)


def afresh(meeting: Meeting) -> Verdict | None:
    """Judged from the beginning, since the rule was edited while it waited; what ended meanwhile
    needs nothing more.
    """
    # it waited on purpose until now, so it is no old news
    meeting.ripe = meeting.situation.now
    return (
        _condition(meeting)
        or _unfit(meeting)
        or _counted(meeting)
        or _absent(meeting)
        or _lasts(meeting)
        or _ended(meeting)
        or _ready(meeting)
    )


def _ended(meeting: Meeting) -> Verdict | None:
    ended = meeting.facts.ended(meeting.event.id)
    if ended is None:
        return None
    meeting.say("for", "ended", ended)
    return Verdict(Ruling.SKIP, Reason.ENDED, f"it ended at {ended[:19].replace('T', ' ')} UTC")


def _ready(meeting: Meeting) -> Verdict | None:
    if meeting.rule.group is not None:
        return _join(meeting)
    return guard_evaluation.member(meeting) or guard_evaluation.guarded(meeting)


def _condition(meeting: Meeting) -> Verdict | None:
    condition = meeting.rule.condition
    if condition is None:
        return None
    holds = concerns(meeting.rule, meeting.event) and condition.holds(meeting.scene)
    meeting.say("if", "holds" if holds else "does not hold", condition.source)
    if holds:
        return None
    return Verdict(Ruling.SKIP, Reason.CONDITION, condition.source)


def _unfit(meeting: Meeting) -> Verdict | None:
    blind = guards.blind(meeting.event, meeting.rule)
    if blind:
        meeting.say("guard blind", "stops", blind.detail)
        return blind
    over = guards.over(meeting.event, meeting.rule)
    if over:
        meeting.say("guard over", "over", "it had ended before it was found")
    deep = guards.loop(meeting.event)
    if deep:
        meeting.say("guard loop", "too deep", deep.detail)
    return over or deep


def _counted(meeting: Meeting) -> Verdict | None:
    shape = meeting.rule.shape
    if not isinstance(shape, Count):
        return None
    meeting.about = canonical(per_value(shape.per, meeting.scene))
    since = meeting.event.time - timedelta(seconds=shape.over)
    until = meeting.event.time
    rule, server = meeting.rule.id, meeting.event.server
    # one that counted before the rule was edited is among them
    itself = 0 if meeting.edited is Reason.COUNT else 1
    count = itself + meeting.facts.counted(rule, server, meeting.about, since, until)
    meeting.say(
        "count", f"{count} of {shape.at_least}", f"within {spoken(shape.over)}, by {meeting.about}"
    )
    if count >= shape.at_least:
        return None
    return Verdict(
        Ruling.SKIP,
        Reason.COUNT,
        f"{count} within {spoken(shape.over)}, {shape.at_least} are needed",
    )


def _absent(meeting: Meeting) -> Verdict | None:
    shape = meeting.rule.shape
    if not isinstance(shape, Absent):
        return None
    due = meeting.event.time + timedelta(seconds=shape.within)
    if due <= meeting.situation.now:
        return _came(meeting)
    return _until(
        meeting, Reason.ABSENT, due, f"whether one of {', '.join(sorted(shape.types))} comes"
    )


def _came(meeting: Meeting) -> Verdict | None:
    shape = meeting.rule.shape
    if not isinstance(shape, Absent):
        return None
    due = meeting.event.time + timedelta(seconds=shape.within)
    meeting.ripe = max(due, meeting.ripe or due)
    key = canonical(per_value(shape.per, meeting.scene))
    rule, server = meeting.rule.id, meeting.event.server
    came = meeting.facts.came(rule, server, key, meeting.event.time, due)
    meeting.say(
        "absent", "came" if came else "absent", f"{', '.join(sorted(shape.types))} by {key}"
    )
    if came:
        return Verdict(Ruling.SKIP, Reason.CAME, f"it came: event {came[:8]}")
    return None


def _lasts(meeting: Meeting) -> Verdict | None:
    if meeting.rule.lasts is None:
        return None
    due = meeting.event.time + timedelta(seconds=meeting.rule.lasts)
    if meeting.situation.now < due:
        return _until(meeting, Reason.FOR, due, f"whether it lasts {spoken(meeting.rule.lasts)}")
    return _lasted(meeting)


def _lasted(meeting: Meeting) -> Verdict | None:
    """Whether it has lasted: no end came, and a view newer than the due time still shows it. Blind
    time waits.
    """
    due = meeting.event.time + timedelta(seconds=meeting.rule.lasts or 0)
    meeting.ripe = max(due, meeting.ripe or due)
    over = _ended(meeting)
    if over:
        return over
    shown = meeting.facts.shown(meeting.event.id)
    if shown is None:
        return None
    if shown["seen"]:
        seen = datetime.fromisoformat(shown["seen"])
    else:
        seen = None
    if seen is None or seen < due:
        # looked at again as often as is sensible; what is not seen is never taken for over
        again_at = max(due, meeting.situation.now) + guards.LOOK_AGAIN
        return _until(meeting, Reason.STALE, again_at, "what the server shows is older than that")
    meeting.say(
        "for", "lasted" if shown["holds"] else "is not so any more", f"seen {shown['seen']}"
    )
    if shown["holds"]:
        return None
    return Verdict(Ruling.SKIP, Reason.ENDED, "it is not so any more")


def _join(meeting: Meeting) -> Verdict:
    """The event goes into the group that is open, or opens one."""
    group = meeting.rule.group
    assert group is not None  # noqa: S101  asked before
    key = canonical(per_value(group.by, meeting.scene))
    found = meeting.facts.group(meeting.rule.id, meeting.event.server, key)
    now = meeting.situation.now
    if found is None:
        # of a group that was taken apart, since its rule was edited, the wait goes on
        if meeting.edited is None:
            began = now
        else:
            began = min(now, meeting.event.seen_at)
        until = max(now, began + timedelta(seconds=group.wait))
        name = identity("group", meeting.rule.id, meeting.event.id)
        if meeting.edited is not None:
            name = identity(name, now.isoformat())
        meeting.group = Gathering(name, key, until)
    else:
        full = found["members"] + 1 >= group.most
        meeting.group = Gathering(
            found["id"], key, now if full else datetime.fromisoformat(found["until"])
        )
    meeting.say("group", "joins" if found else "opens one", key, meeting.group.id[:8])
    detail = f"in a group until {meeting.group.until:%Y-%m-%d %H:%M:%S} UTC"
    return Verdict(Ruling.WAIT, Reason.GROUP, detail, meeting.group.until)


def _until(meeting: Meeting, reason: Reason, due: datetime, detail: str) -> Verdict:
    meeting.due_at = due
    meeting.say(reason.value, "waits", f"until {due.isoformat()}")
    return Verdict(Ruling.WAIT, reason, detail, due)
