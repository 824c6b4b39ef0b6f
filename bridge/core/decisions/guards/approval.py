"""What a person is asked about: ask."""

from datetime import timedelta

from bridge.core.decisions import tuning_sanity as tunings
from bridge.core.decisions.guards.intent import Intent
from bridge.core.durations import spoken
from bridge.core.model import Job, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Rule

# seconds for which a request stands where the rule does not say
_UNANSWERED = 3600.0


def undone(intent: Intent) -> Verdict | None:
    """It worked and came undone, time and again: that is no remedy."""
    limit = intent.rule.guard.undone
    if limit is None or intent.rule.group:
        return None
    since = intent.now - timedelta(seconds=limit.within)
    subject = intent.events[0].subject
    times = intent.facts.remedied(intent.rule.id, intent.server, subject, since) or 0
    if times < limit.times:
        return None
    return Verdict(
        Ruling.ASK,
        Reason.UNDONE,
        f"done {times} times within {spoken(limit.within)}, and it came undone each time",
    )


def tuning(intent: Intent) -> Verdict | None:
    """What a tuning recommends is judged before it is accepted."""
    for job in intent.jobs:
        call = job.request
        if not isinstance(call, CallRequest) or not call.operation.endswith("tuning.accept"):
            continue
        odd = _odd(intent, call)
        if odd is not None:
            return Verdict(Ruling.ASK, Reason.TUNING, odd)
    return None


def _odd(intent: Intent, call: CallRequest) -> str | None:
    kind = call.operation.removesuffix(".accept")
    number = call.arguments.get("tuning")
    bond = call.arguments.get("bond")
    seen = intent.facts.tuning(intent.server, kind, number, bond)
    if seen is None:
        return "what it recommends is not known"
    limits = intent.rule.guard.tuning
    since = intent.now - timedelta(seconds=limits.stable)
    shaken = intent.facts.shaken(intent.server, bond, since) if limits.stable else None
    if shaken:
        return f"leg {shaken} went down within {spoken(limits.stable)}"
    legs = {int(name): body for name, body in seen["legs"].items()}
    usual = {int(name): values for name, values in seen["usual"].items()}
    return tunings.odd(seen["recommendations"], legs, usual, limits)


def blast_radius(intent: Intent) -> Verdict | None:
    """More objects than a rule may act on within a while."""
    limit = intent.rule.guard.blast_radius
    if limit is None:
        return None
    wanted = {each for job in intent.jobs if (each := named(job, limit.of)) is not None}
    since = intent.now - timedelta(seconds=limit.within)
    before = set(intent.facts.touched(intent.rule.id, intent.server, limit.of, since) or ())
    total = intent.facts.size(intent.server, limit.of) or 0
    most, both = limit.most.of(total), len(wanted | before)
    if both <= most:
        return None
    within = f"{limit.of}s within {spoken(limit.within)}"
    return Verdict(
        Ruling.ASK,
        Reason.BLAST_RADIUS,
        f"{both} {within}, at most {most} ({limit.most} of {total}) without asking",
    )


def named(job: Job, kind: str) -> str | None:
    """Which object of this kind a call is about: the bond it touches, or the leg or aggregator it
    names.
    """
    if not isinstance(job.request, CallRequest):
        return None
    if kind == "bond":
        if job.target.startswith("bond/"):
            return job.target.removeprefix("bond/")
        return None
    value = job.request.arguments.get(kind)
    if value is None:
        return None
    return str(value)


def expires_after(rule: Rule | None) -> float:
    """For how many seconds an approval request stands; unanswered by then, it is denied."""
    return rule.guard.approval.expires if rule and rule.guard.approval else _UNANSWERED


def approval(intent: Intent) -> Verdict | None:
    """The rule asks a person, always or where its condition holds (that was looked at before)."""
    wanted = intent.rule.guard.approval
    if wanted is None or not intent.facts.needs_approval:
        return None
    return Verdict(Ruling.ASK, Reason.APPROVAL, f"the rule asks {wanted.to}")
