"""Flapping is a state of its own: a leg that keeps changing is told about once, not at every
change.

A leaky bucket per leg: each change of standing pours one in, and it leaks steadily. It begins to
flap at one level and is stable again below another, so that a leg on the edge does not flap about
flapping.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """`start`, `stop`: levels in changes; `leak`: seconds for one change to leak away."""

    start: float = 5.0
    stop: float = 1.0
    leak: float = 120.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """One leg's: `level` at the moment `at`; `changes` counted, `since` the first of them;
    `flapping`: they are a spell.
    """

    level: float = 0.0
    at: datetime | None = None
    since: datetime | None = None
    changes: int = 0
    flapping: bool = False


def poured(bucket: Bucket, changes: Sequence[datetime], limits: Limits) -> Bucket:
    """After these changes. Those found late count as at the newest moment known: late news make no
    bucket leak backwards.
    """
    for moment in sorted(changes):
        if bucket.at:
            at = max(moment, bucket.at)
        else:
            at = moment
        # full at one above the start, so that a long spell ends as soon after its last change as a
        # short one
        level = min(_level(bucket, at, limits) + 1.0, limits.start + 1.0)
        since, counted = _counted(bucket, moment, level)
        bucket = Bucket(level, at, since, counted + 1, bucket.flapping or level >= limits.start)
    return bucket


def _counted(bucket: Bucket, moment: datetime, level: float) -> tuple[datetime, int]:
    """The first change that counts with this one, and how many do before it: none, where all had
    leaked away.
    """
    if bucket.since is None or (not bucket.flapping and level <= 1.0):
        return moment, 0
    # the beginning of a spell that was told stays what it was told to be
    return bucket.since if bucket.flapping else min(bucket.since, moment), bucket.changes


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
