"""Rules meet events: every meeting is a decision, and every decision says how it came about.

    when ─► if ─► count ─► (absent, for: waits, judged again) ─► group: waits
         ─► guards ─► act · skip · wait · ask

Pure: what is not in the rule or the events is asked of `facts`, and every answer is kept with the
decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.core.canonical_json import identity
from bridge.core.decisions import guard_evaluation, triggers
from bridge.core.decisions.evaluation import Meeting, Situation, judged, per_value
from bridge.core.decisions.facts import RecordedFacts, RecordingFacts
from bridge.core.decisions.guards import ACT
from bridge.core.decisions.triggers import concerns
from bridge.core.model import Decision, Event, Reason, Ruling, Verdict
from bridge.core.rules.rule import Chat, Rule

__all__ = [
    "EDITED",
    "Situation",
    "again",
    "close",
    "concerns",
    "hears",
    "listening",
    "meet",
    "per_value",
    "set_aside",
]


def listening(rules: Iterable[Rule]) -> Mapping[str, Sequence[Rule]]:
    """Rules by the event types they listen to; the one with the higher priority first."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda each: -each.priority):
        for name in rule.types:
            found.setdefault(name, []).append(rule)
    return found


def hears(rule: Rule, event: Event) -> bool:
    """Whether an event of a type that the rule listens to is for it: not found for another, nor
    another command.
    """
    if (
        isinstance(rule.shape, Chat)
        and (event.data.get("chat") or {}).get("command") != rule.shape.command
    ):
        return False
    return event.only in (None, rule.id)


def meet(rule: Rule, event: Event, facts: RecordingFacts, situation: Situation) -> Decision:
    """One rule meets one new event."""
    meeting = Meeting(rule, (event,), identity(event.id, rule.id), facts, situation)
    meeting.say("when", "holds", event.type)
    return meeting.decided(triggers.first_look)


def set_aside(
    rule: Rule, events: Sequence[Event], name: str, why: str, situation: Situation
) -> Decision:
    """What is decided where judging itself failed: nothing, with the reason. It is not made from
    facts, nor again.
    """
    meeting = Meeting(rule, tuple(events), name, RecordingFacts(RecordedFacts({})), situation)
    meeting.say("fault", "set aside", why)
    return meeting.decided(lambda _: Verdict(Ruling.SKIP, Reason.INTERNAL_ERROR, why))


def again(
    rule: Rule,
    event: Event,
    waited: Reason,
    facts: RecordingFacts,
    situation: Situation,
    *,
    edited: bool = False,
) -> Decision:
    """The wait of a decision is over (`for`, `absent`, a view that was too old, an earlier one): it
    is judged again.

    `edited`: the rule is not any more what it was when the wait began, so all of it is judged as it
    is now.
    """
    meeting = Meeting(
        rule,
        (event,),
        identity(event.id, rule.id),
        facts,
        situation,
        edited=waited if edited else None,
    )
    meeting.say("again", EDITED if edited else "after", waited.value)
    if not edited:
        return meeting.decided(lambda met: triggers.after(met, waited))
    if event.type not in rule.types or not hears(rule, event):
        deaf = Verdict(
            Ruling.SKIP, Reason.RULE_CHANGED, f"the rule does not listen to {event.type} any more"
        )
        return meeting.decided(lambda _: deaf)
    return meeting.decided(triggers.afresh)


# what the first line of a trace says where a rule was edited while it waited
EDITED = "edited since"


def close(
    rule: Rule,
    events: Sequence[Event],
    group: str,
    until: datetime,
    facts: RecordingFacts,
    situation: Situation,
) -> tuple[Decision, Mapping[str, Verdict]]:
    """A group is complete: one decision for all its members that nothing stands against; and each
    member's own verdict.
    """
    ordered = sorted(events, key=lambda event: (event.time, event.id))
    verdicts: dict[str, Verdict] = {}
    keys: dict[str, str] = {}
    for event in ordered:
        member = Meeting(rule, (event,), group, facts, situation)
        verdicts[event.id] = judged(member, guard_evaluation.joined) or ACT
        keys |= {key: event.id for key in member.cooldowns if verdicts[event.id] is ACT}
        for key in member.cooldowns:
            if key in keys:
                facts.reserve_cooldown(key, group)
    left = [event for event in ordered if verdicts[event.id].ruling is Ruling.ACT]
    if not rule.calls:
        verdicts |= guard_evaluation.over_by_then(left, facts)
        left = [event for event in left if verdicts[event.id].ruling is Ruling.ACT]
    meeting = Meeting(
        rule, tuple(left or ordered), group, facts, situation, ripe=until, cooldowns=list(keys)
    )
    meeting.say("group", f"{len(left)} of {len(ordered)}", f"together until {until.isoformat()}")
    if not left:
        return meeting.decided(lambda _: verdicts[ordered[0].id]), verdicts
    return meeting.decided(guard_evaluation.guarded), verdicts
