"""What stops a rule for good: skip."""

from datetime import datetime, timedelta

from bridge.core import call_conflicts, spaces
from bridge.core.canonical_json import identity
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards.intent import Intent, minute, skip, wait
from bridge.core.durations import spoken
from bridge.core.model import Event, Job, Mode, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Overlap, Rule

# how many of our own actions may lead to one another
DEEPEST = 3


def loop(event: Event) -> Verdict | None:
    """Our own actions led to it, one after another: somewhere that has to end."""
    depth = int(event.known.get("depth") or 0)
    if depth <= DEEPEST:
        return None
    return skip(
        Reason.LOOP, f"{depth} actions of ours led to it, one after another; {DEEPEST} at most"
    )


def blind(event: Event, rule: Rule) -> Verdict | None:
    """What the event means could not be found out: nothing is called that might be wrong, and
    people are told.
    """
    fault = event.known.get("fault")
    if not fault or not rule.calls:
        return None
    return skip(Reason.INTERNAL_ERROR, f"nobody knows what it means with others: {fault}")


def over(event: Event, rule: Rule) -> Verdict | None:
    """It had ended before it was found: told, but nothing is called, unless the rule says `late:
    act`.
    """
    if not event.known.get("over") or rule.late or not rule.calls:
        return None
    return skip(Reason.OVER, "it had ended before it was found: told, but nothing is called")


def explained(event: Event, rule: Rule) -> Verdict | None:
    """What we ourselves, or a test that runs, did to a bond is no reason to do more to it."""
    why = event.known.get("explained")
    if why and rule.calls:
        return skip(Reason.EXPLAINED, f"explained by {why}")
    return None


def expired(now: datetime, not_after: datetime) -> Verdict | None:
    """Old news does not act (law 11)."""
    if now <= not_after:
        return None
    return skip(Reason.EXPIRED, f"it was to be done by {not_after:%Y-%m-%d %H:%M:%S} UTC")


def space(event: Event, rule: Rule, facts: RecordingFacts) -> Verdict | None:
    """Only where the rule says, and calls only where the settings do; a space that is not known is
    none of them.
    """
    keys = spaces.named(event)
    wide = (facts.spaces(event.server) if rule.calls else None) or ()
    for globs, whose in ((rule.guard.spaces, "the rule"), (wide, "the settings")):
        if globs and not spaces.all_within(keys, globs):
            known = sorted(key for key in keys if key is not None)
            named = f"space {' and '.join(known)}" if known else "a space that is not known"
            return skip(
                Reason.SPACE, f"{whose} acts only in {', '.join(globs)}; this is in {named}"
            )
    return None


def cooldown_key(rule: Rule, server: str, per: object, mode: Mode) -> str:
    """One key per rule, server and `per` value. Dry runs keep their own books: they must not hold
    up a live rule.
    """
    return identity("cooldown", rule.id, server, per, mode)


def cooldown(
    every: float, key: str, decision: str, facts: RecordingFacts, now: datetime
) -> Verdict | None:
    """Another decision holds the key: it is still at work, or ended less than `every` ago."""
    held = facts.cooldown(key)
    if held is None or held["by"] == decision:
        return None
    if held["ended_at"] is None:
        return skip(Reason.COOLDOWN, "the one before it is still under way")
    ended = datetime.fromisoformat(held["ended_at"])
    until = ended + timedelta(seconds=every)
    if now >= until:
        return None
    ago = spoken((now - ended).total_seconds())
    return skip(
        Reason.COOLDOWN, f"the last one ended {ago} ago, at most one in {spoken(every)}", until
    )


def breaker(intent: Intent) -> Verdict | None:
    """Too much of what the rule did failed: it is off until a person switches it on."""
    tripped = intent.facts.tripped(intent.rule.id, intent.server)
    if tripped is None:
        return None
    mend = f"bondbridge rules resume {intent.rule.id}"
    return skip(Reason.BREAKER, f"off since {minute(tripped['at'])}: {tripped['why']} ({mend})")


def overlap(intent: Intent) -> Verdict | None:
    """What an earlier decision of the rule began about the same thing is still under way."""
    if intent.rule.overlap in (Overlap.PARALLEL, Overlap.RESTART):
        return None
    running = intent.facts.running(intent.rule.id, intent.server, intent.about) or ()
    others = [each for each in running if each != intent.decision]
    if not others:
        return None
    detail = f"decision {others[0][:8]} is still under way"
    if intent.rule.overlap is Overlap.ONE:
        return skip(Reason.OVERLAP, detail)
    return wait(intent, Reason.OVERLAP, detail)


def opposed(intent: Intent) -> Verdict | None:
    """Another rule wants the opposite of the same object: the priority decides, and among equals a
    person.
    """
    for job in intent.jobs:
        if not isinstance(job.request, CallRequest) or not job.target:
            continue
        for other in intent.facts.open_calls(intent.server, job.target) or ():
            against = CallRequest.of(other["request"])
            if other["rule"] == intent.rule.id or not call_conflicts.opposed(job.request, against):
                continue
            detail = f"rule {other['rule']} wants {against.operation} of {job.target}"
            if other["priority"] > intent.rule.priority:
                return skip(Reason.OPPOSED, f"{detail}, and has the higher priority")
            if other["priority"] == intent.rule.priority:
                return Verdict(Ruling.ASK, Reason.OPPOSED, f"{detail}, with the same priority")
    return None


def rule_gone(job: Job) -> Verdict:
    """The rule is not there any more."""
    return gone(job.rule)


def gone(rule: str) -> Verdict:
    """The rule is not there any more, or has become another."""
    return skip(Reason.RULE_GONE, f"the rulebook has no rule {rule!r} any more")
