"""A rule is evaluated on an event: that is a decision, and it says how it came about.

    when ─► if ─► count ─► (absent, for: waits, judged again) ─► group: waits
         ─► guards ─► act · skip · wait · ask

Pure: what is not in the rule or the events is asked of `facts`, and every answer is kept with the
decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.core.canonical_json import identity
from bridge.core.decisions import guard_evaluation, triggers
from bridge.core.decisions.evaluation import Evaluation, EvaluationContext, judged, per_value
from bridge.core.decisions.facts import RecordedFacts, RecordingFacts
from bridge.core.decisions.guards import ACT
from bridge.core.decisions.triggers import concerns
from bridge.core.model import Decision, Event, Reason, Ruling, Verdict
from bridge.core.rules.rule import Chat, Rule

__all__ = [
    "EDITED",
    "EvaluationContext",
    "accepts",
    "close_group",
    "concerns",
    "evaluate",
    "listening",
    "per_value",
    "re_evaluate",
    "set_aside",
]


def listening(rules: Iterable[Rule]) -> Mapping[str, Sequence[Rule]]:
    """Rules by the event types they listen to; the one with the higher priority first."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda each: -each.priority):
        for name in rule.types:
            found.setdefault(name, []).append(rule)
    return found


def accepts(rule: Rule, event: Event) -> bool:
    """Whether an event of a type that the rule listens to is for it: not found for another, nor
    another command.
    """
    if (
        isinstance(rule.shape, Chat)
        and (event.data.get("chat") or {}).get("command") != rule.shape.command
    ):
        return False
    return event.only in (None, rule.id)


def evaluate(
    rule: Rule, event: Event, facts: RecordingFacts, context: EvaluationContext
) -> Decision:
    """One rule meets one new event."""
    evaluation = Evaluation(rule, (event,), identity(event.id, rule.id), facts, context)
    evaluation.say("when", "holds", event.type)
    return evaluation.decided(triggers.first_look)


def set_aside(
    rule: Rule, events: Sequence[Event], name: str, why: str, context: EvaluationContext
) -> Decision:
    """What is decided where judging itself failed: nothing, with the reason. It is not made from
    facts, nor again.
    """
    evaluation = Evaluation(rule, tuple(events), name, RecordingFacts(RecordedFacts({})), context)
    evaluation.say("fault", "set aside", why)
    return evaluation.decided(lambda _: Verdict(Ruling.SKIP, Reason.INTERNAL_ERROR, why))


def re_evaluate(
    rule: Rule,
    event: Event,
    waited: Reason,
    facts: RecordingFacts,
    context: EvaluationContext,
    *,
    edited: bool = False,
) -> Decision:
    """The wait of a decision is over (`for`, `absent`, a view that was too old, an earlier one): it
    is judged again.

    `edited`: the rule is not any more what it was when the wait began, so all of it is judged as it
    is now.
    """
    evaluation = Evaluation(
        rule,
        (event,),
        identity(event.id, rule.id),
        facts,
        context,
        edited=waited if edited else None,
    )
    evaluation.say("again", EDITED if edited else "after", waited.value)
    if not edited:
        return evaluation.decided(lambda met: triggers.after(met, waited))
    if event.type not in rule.types or not accepts(rule, event):
        deaf = Verdict(
            Ruling.SKIP, Reason.RULE_CHANGED, f"the rule does not listen to {event.type} any more"
        )
        return evaluation.decided(lambda _: deaf)
    return evaluation.decided(triggers.afresh)


# what the first line of a trace says where a rule was edited while it waited
EDITED = "edited since"


def close_group(
    rule: Rule,
    events: Sequence[Event],
    group: str,
    until: datetime,
    facts: RecordingFacts,
    context: EvaluationContext,
) -> tuple[Decision, Mapping[str, Verdict]]:
    """A group is complete: one decision for all its members that nothing stands against; and each
    member's own verdict.
    """
    ordered = sorted(events, key=lambda event: (event.time, event.id))
    verdicts: dict[str, Verdict] = {}
    keys: dict[str, str] = {}
    for event in ordered:
        member = Evaluation(rule, (event,), group, facts, context)
        verdicts[event.id] = judged(member, guard_evaluation.joined) or ACT
        keys |= {key: event.id for key in member.cooldowns if verdicts[event.id] is ACT}
        for key in member.cooldowns:
            if key in keys:
                facts.reserve_cooldown(key, group)
    left = [event for event in ordered if verdicts[event.id].ruling is Ruling.ACT]
    if not rule.calls:
        verdicts |= guard_evaluation.over_by_then(left, facts)
        left = [event for event in left if verdicts[event.id].ruling is Ruling.ACT]
    evaluation = Evaluation(
        rule, tuple(left or ordered), group, facts, context, ripe=until, cooldowns=list(keys)
    )
    evaluation.say("group", f"{len(left)} of {len(ordered)}", f"together until {until.isoformat()}")
    if not left:
        return evaluation.decided(lambda _: verdicts[ordered[0].id]), verdicts
    return evaluation.decided(guard_evaluation.guarded), verdicts
