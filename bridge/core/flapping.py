"""Flapping is a state of its own: a leg that keeps changing is told about once, not at every change.

A leaky bucket per leg: each change of standing pours one in, and it leaks steadily. It begins to flap at one level and
is stable again below another, so that a leg on the edge does not flap about flapping.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """`start`, `stop`: levels in changes; `leak`: seconds for one change to leak away."""

    start: float = 5.0
    stop: float = 1.0
    leak: float = 120.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """One leg's: `level` at the moment `at`; `since` when the spell began (None: stable), `changes` since then."""

    level: float = 0.0
    at: datetime | None = None
    since: datetime | None = None
    changes: int = 0

    @property
    def flapping(self) -> bool:
        """Whether a spell is under way."""
        return self.since is not None


def poured(bucket: Bucket, changes: Sequence[datetime], limits: Limits) -> Bucket:
    """After these changes. Those found late count as at the newest moment known: late news make no bucket leak backwards."""
    for moment in sorted(changes):
        at = max(moment, bucket.at) if bucket.at else moment
        # full at one above the start, so that a long spell ends as soon after its last change as a short one
        level = min(_level(bucket, at, limits) + 1.0, limits.start + 1.0)
        begins = not bucket.flapping and level >= limits.start
        bucket = Bucket(level, at, at if begins else bucket.since, bucket.changes + 1)
        if not bucket.flapping and level <= 1.0:
            bucket = replace(bucket, changes=1)
    return bucket


def calm_at(bucket: Bucket, limits: Limits) -> datetime | None:
    """When the spell ends if nothing more changes; None where there is none."""
    if not bucket.flapping or bucket.at is None:
        return None
    return bucket.at + timedelta(seconds=max(0.0, bucket.level - limits.stop) * limits.leak)


def calmed(bucket: Bucket, now: datetime, limits: Limits) -> Bucket:
    """The same leg, stable."""
    return Bucket(_level(bucket, now, limits), now)


def _level(bucket: Bucket, now: datetime, limits: Limits) -> float:
    if bucket.at is None:
        return 0.0
    return max(0.0, bucket.level - (now - bucket.at).total_seconds() / limits.leak)
