"""Self-inflicted outages are not outages (G3): what we, or a test that runs, do to a bond explains
what happens to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.model import Body

# How long after it began an action may still be why a leg of its bond is down, in seconds. A
# restart rebuilds both ends; a move or a changed leg is up again sooner. Generous: what is still
# wrong afterwards is told then.
_LASTS: Mapping[str, float] = {
    "bond.restart": 180.0,
    "bond.restore_to_primary_agg": 120.0,
    **{f"bond.{verb}": 120.0 for verb in ("update", "replace")},
    **{
        f"{leg}.{verb}": 120.0
        for leg in ("leg", "interface_leg", "mobile_broadband_leg")
        for verb in ("update", "replace")
    },
}
LONGEST = timedelta(seconds=max(_LASTS.values()))

# events that something else can be the reason of: what went wrong, and that it is right again
EXPLAINABLE = frozenset(
    {
        "leg.down",
        "leg.degraded",
        "leg.up",
        "bond.down",
        "bond.degraded",
        "bond.on_failover_leg",
        "bond.up",
    }
)

# An action's trace in the world may come a little before we note that it began: clocks are compared
# in whole seconds, and in
# the demo each second of ours is many of the world's. What lasts longer than the action explains is
# told all the same.
_EARLY = timedelta(seconds=5)
_RUNS = frozenset({"bond_tuning", "leg_tuning", "speedtest"})


@dataclass(frozen=True, slots=True)
class Done:
    """One attempt of ours: `operation` on a bond or a leg, begun then, for a job."""

    operation: str
    arguments: Body
    began: datetime
    job: str


def by_actions(done: Iterable[Done], bond: object, leg: object, at: datetime) -> str | None:
    """`"bond.restart (job 3f9a…)"` where one of ours explains what happened to this bond or leg
    then.
    """
    for each in done:
        lasts = _LASTS.get(each.operation)
        target = each.arguments.get(
            "bond", bond if str(each.arguments.get("leg")) == str(leg) else None
        )
        if lasts is None or str(target) != str(bond):
            continue
        if each.began - _EARLY <= at <= each.began + timedelta(seconds=lasts):
            return f"{each.operation} (job {each.job[:8]})"
    return None


def by_runs(runs: Iterable[tuple[str, Body]], bond: object, at: datetime) -> str | None:
    """`"bond_tuning 7"` where a tuning or a speed test of this bond was running then; `runs` as
    (kind, body).
    """
    for kind, body in runs:
        if kind in _RUNS and body["bond"] == bond and _running(body, at):
            return f"{kind} {body['id']}"
    return None


def _running(body: Body, at: datetime) -> bool:
    """From when it was asked for until a little after its end: the line is put back as it was."""
    begun = body["started"] or body["created"]
    ended = body["finished"]
    if begun is None or datetime.fromisoformat(begun) - _EARLY > at:
        return False
    if body["outcome"] is not None and ended is None:
        return False
    return ended is None or at <= datetime.fromisoformat(ended) + timedelta(seconds=30)
