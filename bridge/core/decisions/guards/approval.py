"""What a person is asked about: ask."""

from datetime import timedelta

from bridge.core.decisions import tuning_sanity as tunings
from bridge.core.decisions.guards.intent import Intent
from bridge.core.durations import spoken
from bridge.core.model import Job, Reason, Ruling, Verdict


def undone(intent: Intent) -> Verdict | None:
    """It worked and came undone, time and again: that is no remedy."""
    limit = intent.rule.guard.undone
    if limit is None or intent.rule.group:
        return None
    since = intent.now - timedelta(seconds=limit.within)
    times = (
        intent.facts.ask(
            "remedied", intent.rule.id, intent.server, intent.events[0].subject, since.isoformat()
        )
        or 0
    )
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
        if job.action != "call" or not job.request["operation"].endswith("tuning.accept"):
            continue
        odd = _odd(intent, job)
        if odd is not None:
            return Verdict(Ruling.ASK, Reason.TUNING, odd)
    return None


def _odd(intent: Intent, job: Job) -> str | None:
    kind = job.request["operation"].removesuffix(".accept")
    number = job.request["arguments"].get("tuning")
    bond = job.request["arguments"].get("bond")
    seen = intent.facts.ask("tuning", intent.server, kind, number, bond)
    if seen is None:
        return "what it recommends is not known"
    limits = intent.rule.guard.tuning
    since = intent.now - timedelta(seconds=limits.stable)
    if limits.stable:
        shaken = intent.facts.ask("shaken", intent.server, bond, since.isoformat())
    else:
        shaken = None
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
    before = set(
        intent.facts.ask("touched", intent.rule.id, intent.server, limit.of, since.isoformat())
        or ()
    )
    total = int(intent.facts.ask("size", intent.server, limit.of) or 0)
    most = limit.most.of(total)
    both = len(wanted | before)
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
    if job.action != "call":
        return None
    if kind == "bond":
        if job.target.startswith("bond/"):
            return job.target.removeprefix("bond/")
        return None
    value = job.request["arguments"].get(kind)
    if value is None:
        return None
    return str(value)


def approval(intent: Intent) -> Verdict | None:
    """The rule asks a person, always or where its condition holds (that was looked at before)."""
    wanted = intent.rule.guard.approval
    if wanted is None or not intent.facts.answers.get("needs approval"):
        return None
    return Verdict(Ruling.ASK, Reason.APPROVAL, f"the rule asks {wanted.to}")
