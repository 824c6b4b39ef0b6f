"""The guards of a rule, from `guard` in its file."""

from bridge.core.rules.models.guard import BlastRadiusModel, GuardModel, RolloutModel, TuningModel
from bridge.core.rules.models.rule import RuleModel
from bridge.core.rules.parse_context import ParseContext
from bridge.core.rules.rule import (
    Approval,
    BlastRadius,
    Breaker,
    Cooldown,
    Guard,
    Rate,
    Rollout,
    Share,
    Step,
    TuningLimits,
    Undone,
    Window,
)

# a remedy for something that lasts, and that keeps coming undone, is handed to a person
_UNDONE = Undone(3, 6 * 3600.0)
_SINGULAR = {"bonds": "bond", "legs": "leg", "aggregators": "aggregator"}


def guard_of(
    reading: ParseContext, model: RuleModel, steps: tuple[Step, ...], *, lasting: bool
) -> Guard:
    """All guards of the rule; `lasting`: whether all that it listens to lasts."""
    given = model.guard
    calls = [step for step in steps if step.action == "call"]
    _check_rollout(reading, given, calls)
    _check_tuning(reading, given, calls)
    guard = Guard(
        cooldown=_cooldown(reading, given),
        rate=Rate(given.rate.most, given.rate.every) if given.rate else None,
        blast_radius=_blast_radius(given.blast_radius),
        windows=tuple(
            Window(each.days, each.begins, each.ends, each.zone) for each in given.windows or ()
        ),
        approval=_approval(reading, given),
        breaker=Breaker(given.breaker.failures, given.breaker.within) if given.breaker else None,
        rollout=_rollout(given.rollout),
        undone=Undone(given.undone.times, given.undone.within)
        if given.undone
        else _UNDONE
        if calls and lasting
        else None,
        spaces=tuple(given.spaces or ()),
        tuning=_tuning(given.tuning),
    )
    _check_telling(reading, given, steps)
    return guard


def _share(portion: tuple[float, bool] | None) -> Share:
    if portion:
        return Share(*portion)
    return Share(0)  # what could not be read has been told, and is never used


def _cooldown(reading: ParseContext, guard: GuardModel) -> Cooldown | None:
    given = guard.cooldown
    if given:
        return Cooldown(given.every, reading.expression(given.per, "guard", "cooldown", "per"))
    return None


def _blast_radius(given: BlastRadiusModel | None) -> BlastRadius | None:
    if given:
        return BlastRadius(_share(given.most), _SINGULAR.get(given.of, ""), given.within)
    return None


def _rollout(given: RolloutModel | None) -> Rollout | None:
    if given is None:
        return None
    return Rollout(
        given.first,
        tuple(_share(each) for each in given.then),
        given.pause,
        frozenset(given.stop_on),
    )


def _tuning(given: TuningModel | None) -> TuningLimits:
    if given:
        return TuningLimits(given.largest_change, given.least, given.most, given.stable)
    return TuningLimits()


def _approval(reading: ParseContext, given: GuardModel) -> Approval | None:
    approval = given.approval
    if approval is None:
        return None
    here = ("guard", "approval")
    reading.named(
        approval.to,
        reading.vocabulary.channels,
        "channel",
        "add it to `channels` in the settings",
        *here,
        "from",
    )
    condition = reading.condition(approval.condition, *here, "when")
    return Approval(approval.to, approval.expires, condition, approval.role, approval.not_by_asker)


def _check_rollout(reading: ParseContext, given: GuardModel, calls: list[Step]) -> None:
    if given.rollout and not any(step.each for step in calls):
        what = "a rollout goes through the objects of a call with `each`, and no call here has one"
        reading.say(("guard", "rollout"), what, "write `each: bond` beside the call")


def _check_tuning(reading: ParseContext, given: GuardModel, calls: list[Step]) -> None:
    if given.tuning and not any(step.name.endswith("_tuning.accept") for step in calls):
        reading.say(
            ("guard", "tuning"), "`tuning` is about accepting tunings, and no step here accepts one"
        )


_OF_CALLS = ("rate", "blast_radius", "approval", "breaker", "undone")


def _check_telling(reading: ParseContext, given: GuardModel, steps: tuple[Step, ...]) -> None:
    """A guard that would be passed over in silence; one that is wrong by itself has been told."""
    if not steps or any(step.action == "call" for step in steps):
        return
    for name in _OF_CALLS:
        told = any(f"guard.{name}" in problem.key for problem in reading.problems)
        if getattr(given, name) is not None and not told:
            mend = "what is told is limited with `cooldown`, `windows`, `spaces` and `if`"
            reading.say(
                ("guard", name), f"`{name}` is about calls, and no step here calls anything", mend
            )
