"""What keeps a rule from acting now. Each guard: (what is asked, the facts, now) → a verdict with its reason, or nothing.

Guards run when deciding and again before each attempt; their order is the order of this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.canonical import identity
from bridge.core.durations import spoken
from bridge.core.model import Job, Mode, Reason, Ruling, Verdict
from bridge.core.rules import Rule

ACT = Verdict(Ruling.ACT)


@dataclass(frozen=True, slots=True)
class Held:
    """A cooldown's key as it stands: which decision holds it, and when that one's last attempt ended (None: not yet)."""

    by: str
    ended_at: datetime | None


def expired(now: datetime, not_after: datetime) -> Verdict | None:
    """Old news does not act (law 11)."""
    if now <= not_after:
        return None
    return Verdict(Ruling.SKIP, Reason.EXPIRED, f"it was to be done by {not_after:%Y-%m-%d %H:%M:%S} UTC")


def cooldown_key(rule: Rule, server: str, per: object, mode: Mode) -> str:
    """One key per rule, server and `per` value. Dry runs keep their own books: they must not hold up a live rule."""
    return identity("cooldown", rule.id, server, per, mode)


def cooldown(every: float, key: str, decision: str, held: Mapping[str, Held], now: datetime) -> Verdict | None:
    """Another decision holds the key: it is still at work, or ended less than `every` ago."""
    holder = held.get(key)
    if holder is None or holder.by == decision:
        return None
    if holder.ended_at is None:
        return Verdict(Ruling.SKIP, Reason.COOLDOWN, "the one before it is still under way")
    until = holder.ended_at + timedelta(seconds=every)
    if now >= until:
        return None
    ago = spoken((now - holder.ended_at).total_seconds())
    return Verdict(Ruling.SKIP, Reason.COOLDOWN, f"the last one ended {ago} ago, at most one in {spoken(every)}", until)


def hands_off(until: datetime | None, who: str) -> Verdict | None:
    """Somebody works on the bond: nothing is done to it until they have finished."""
    if until is None:
        return None
    return Verdict(Ruling.WAIT, Reason.HANDS_OFF, f"{who} works on this bond until {until:%Y-%m-%d %H:%M} UTC", until)


def flapping(calm_at: datetime | None) -> Verdict | None:
    """The leg flaps: what is done to it now would be undone, or make it worse."""
    if calm_at is None:
        return None
    return Verdict(Ruling.WAIT, Reason.FLAPPING, f"the leg is flapping, until {calm_at:%H:%M:%S} UTC at least", calm_at)


def before_attempt(job: Job, rule: Rule | None, mode: Mode, now: datetime) -> Verdict:
    """The guards again, right before an attempt: the rule may have been changed, and time has passed."""
    if rule is None:
        return Verdict(Ruling.SKIP, Reason.RULE_GONE, f"the rulebook has no rule {job.rule!r} any more")
    if mode is Mode.DRY_RUN:
        return Verdict(Ruling.SKIP, Reason.DRY_RUN, "the rule has been set to dry_run since")
    return expired(now, job.not_after) or ACT
