"""What keeps a rule from acting now. Each guard: an intent → a verdict with its reason, or nothing.

When deciding, in the order of DECIDING: first whether the person who asked for it may, and what
else is final (skip), then what a person is asked about (ask), then what has only to pass (wait).
Before each attempt of a call, in the order of ATTEMPTING, everything that can have changed since.
"""

from collections.abc import Sequence

from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards.approval import (
    approval,
    blast_radius,
    expires_after,
    named,
    tuning,
    undone,
)
from bridge.core.decisions.guards.authorization import confirmation, reach, role
from bridge.core.decisions.guards.intent import ACT, LOOK_AGAIN, Guard, Intent, skip
from bridge.core.decisions.guards.skip_guards import (
    DEEPEST,
    blind,
    breaker,
    cooldown,
    cooldown_key,
    expired,
    explained,
    gone,
    loop,
    opposed,
    over,
    overlap,
    rule_gone,
    space,
)
from bridge.core.decisions.guards.stale_notice import lasts, notice
from bridge.core.decisions.guards.wait_guards import (
    ended,
    flapping,
    hands_off,
    hushed,
    incident,
    muted,
    paused,
    silenced,
    stuck,
    window,
)
from bridge.core.model import Event, Job, Mode, Reason, Verdict

__all__ = [
    "ACT",
    "ATTEMPTING",
    "DECIDING",
    "DEEPEST",
    "LOOK_AGAIN",
    "TELLING",
    "Guard",
    "Intent",
    "approval",
    "before_attempt",
    "before_telling",
    "blast_radius",
    "blind",
    "breaker",
    "confirmation",
    "cooldown",
    "cooldown_key",
    "ended",
    "expired",
    "expires_after",
    "explained",
    "flapping",
    "gone",
    "hands_off",
    "hushed",
    "incident",
    "lasts",
    "loop",
    "muted",
    "named",
    "notice",
    "opposed",
    "over",
    "overlap",
    "paused",
    "reach",
    "role",
    "rule_gone",
    "silenced",
    "skip",
    "space",
    "stuck",
    "tuning",
    "undone",
    "window",
]

# names as they stand in traces and docs
DECIDING: Sequence[tuple[str, Guard]] = (
    *(asked := (("role", role), ("reach", reach))),
    ("breaker", breaker),
    ("overlap", overlap),
    ("opposed", opposed),
    ("undone", undone),
    ("tuning", tuning),
    ("blast radius", blast_radius),
    ("approval", approval),
    ("confirmation", confirmation),
    *(
        waiting := (
            ("silence", silenced),
            ("hands-off", hands_off),
            ("flapping", flapping),
            ("incident", incident),
            ("pause", paused),
            ("window", window),
            ("stuck updates", stuck),
        )
    ),
)
# for rules that only tell
TELLING: Sequence[tuple[str, Guard]] = (*asked, ("silence", muted), ("window", window))
ATTEMPTING: Sequence[tuple[str, Guard]] = (*asked, ("breaker", breaker), ("ended", ended), *waiting)


def before_attempt(intent: Intent, mode: Mode) -> Verdict:
    """The guards again, right before an attempt: the rule may have been changed, and time has
    passed.
    """
    job = intent.job
    if job is None:
        return ACT
    if mode is Mode.DRY_RUN:
        return skip(Reason.DRY_RUN, "the rule has been set to dry_run since")
    late = expired(intent.now, job.not_after)
    if job.action == "notify":
        return before_telling(
            job, intent.events[0], intent.facts, late, mutes=not intent.rule.calls
        )
    if late or job.action != "call":
        return late or ACT
    for _, guard in ATTEMPTING:
        verdict = guard(intent)
        if verdict is not None:
            return verdict
    return ACT


def before_telling(
    job: Job, event: Event, facts: RecordingFacts, late: Verdict | None, *, mutes: bool
) -> Verdict:
    """What stands against a notice right before it is sent. `mutes`: a silence holds it back."""
    if late is not None and not lasts(job, event, facts):
        return late
    return notice(job, event, facts, mutes=mutes) or ACT
