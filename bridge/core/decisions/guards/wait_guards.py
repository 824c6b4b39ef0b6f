"""What has only to pass: wait. And what it is over before anything was done about it.

What holds one object of several back holds only that one: the decision waits where nothing could
go, and before each attempt every job is judged by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.core.decisions.fact_source import moment
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards.intent import Intent, minute, skip, wait
from bridge.core.model import Event, Reason, Verdict
from bridge.core.rules import time_windows


def ended(intent: Intent) -> Verdict | None:
    """What the call answers is over, and nothing has been done about it yet."""
    if intent.job is None or intent.rule.late:
        return None
    when = intent.facts.ended(intent.job.event)
    if when is None or intent.facts.begun(intent.decision, intent.job.event):
        return None
    return skip(Reason.ENDED, f"it ended at {minute(when)}, before anything was done about it")


def muted(intent: Intent) -> Verdict | None:
    """A silence: nothing is told. What lasts through it is found when it ends. Who asks in chat is
    answered all the same.
    """
    return hushed(intent.events[0], intent.facts)


def hushed(event: Event, facts: RecordingFacts) -> Verdict | None:
    """The same of one event, which may be one of several."""
    held = None if event.type.startswith("chat.") else facts.silence(event.id)
    if held is None:
        return None
    detail = f"silenced by {held['who']} until {minute(held['until'])}: {held['why']}"
    return skip(Reason.SILENCED, detail, datetime.fromisoformat(held["until"]))


def silenced(intent: Intent) -> Verdict | None:
    """A silence that also holds back acting."""
    found = []
    for event in intent.events:
        held = intent.facts.silence(event.id)
        if held is None or not held["acts"]:
            return None
        found.append(held)
    first = min(found, key=lambda held: datetime.fromisoformat(held["until"]))
    until = datetime.fromisoformat(first["until"])
    detail = f"{_object(intent.events)} silenced by {first['who']} until {until:%Y-%m-%d %H:%M} UTC"
    return wait(intent, Reason.SILENCED, detail.lstrip(), until)


def hands_off(intent: Intent) -> Verdict | None:
    """Somebody works on the bond: nothing is done to it until they have finished."""
    found = []
    for bond in intent.bonds:
        held = intent.facts.hands_off(intent.server, bond)
        if held is None:
            return None
        until = datetime.fromisoformat(held["until"])
        called = _called("bond", bond, intent.events)
        found.append((until, f"{held['who']} works on {called} until {until:%Y-%m-%d %H:%M} UTC"))
    if not found:
        return None
    return wait(intent, Reason.HANDS_OFF, "; ".join(told for _, told in found), min(found)[0])


def flapping(intent: Intent) -> Verdict | None:
    """The leg flaps: what is done to it now would be undone, or make it worse. A rule about
    flapping itself knows.
    """
    if any(event.type == "leg.flapping" for event in intent.events):
        return None
    found = []
    for leg in intent.legs:
        calm_at = moment(intent.facts.calm_at(intent.server, leg))
        if calm_at is None:
            return None
        called = _called("leg", leg, intent.events)
        found.append((calm_at, f"{called} is flapping, until {calm_at:%H:%M:%S} UTC at least"))
    if not found:
        return None
    until = max(min(found)[0], intent.now + timedelta(seconds=1))
    return wait(intent, Reason.FLAPPING, "; ".join(told for _, told in found), until)


def incident(intent: Intent) -> Verdict | None:
    """A common cause is at work: nothing is done to single bonds for what it did to their legs."""
    for event in intent.events:
        owner = event.known.get("incident")
        if (
            not owner
            or event.type.partition(".")[0] not in ("leg", "bond")
            or event.type in _OF_PLACES
        ):
            continue
        one = intent.facts.incident(owner)
        if one is not None and one["state"] != "over":
            return wait(
                intent,
                Reason.INCIDENT,
                f"{one['cause']} {one['name']} is the cause, and not over yet",
            )
    return None


def _called(kind: str, identifier: int, events: Sequence[Event]) -> str:
    """`"bond 3 (burnaby-hq)"`, the name where one of the events tells it."""
    nouns = (event.data.get(kind) or {} for event in events)
    name = next((noun.get("name") for noun in nouns if noun.get("id") == identifier), None)
    return f"{kind} {identifier}" + (f" ({name})" if name else "")


def _object(events: Sequence[Event]) -> str:
    """The bond that all of them are about; "" for none or several."""
    bonds = {(event.data.get("bond") or {}).get("id") for event in events}
    if len(bonds) == 1:
        one = bonds.pop()
    else:
        one = None
    if isinstance(one, int):
        return f"{_called('bond', one, events)} is"
    return ""


_OF_PLACES = frozenset({"bond.failed_over", "bond.moved", "bond.restored"})


def paused(intent: Intent) -> Verdict | None:
    """Somebody, or a limit, stopped all acting."""
    held = intent.facts.paused(intent.server)
    if held is None:
        return None
    detail = (
        f"paused by {held['who']} since {minute(held['since'])}: {held['why']} (bondbridge resume)"
    )
    return wait(intent, Reason.PAUSED, detail, intent.now + timedelta(minutes=1))


def window(intent: Intent) -> Verdict | None:
    """Outside the hours in which the rule may act."""
    opens = time_windows.opens(intent.rule.guard.windows, intent.now)
    if opens is None:
        return None
    return wait(intent, Reason.WINDOW, f"its window opens {opens:%Y-%m-%d %H:%M} UTC", opens)


def stuck(intent: Intent) -> Verdict | None:
    """Configuration updates do not reach the nodes: what is changed now would pile up."""
    if intent.facts.updates(intent.server) != "stuck":
        return None
    return wait(
        intent,
        Reason.STUCK,
        "configuration updates are stuck: what is changed now would not reach the nodes",
    )
