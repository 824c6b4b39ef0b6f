"""What a completed walk says about itself: that it was slow, that much is missing, that something
is not understood.
"""

from datetime import datetime

from bridge.bonding import scopes
from bridge.bonding.catalogue import one
from bridge.bonding.wire import Strange, strange
from bridge.core.durations import spoken
from bridge.core.events.builder import EVENTS, make
from bridge.core.model import Event
from bridge.pipeline.observe import poll_events
from bridge.pipeline.observe.poll_events import Walk
from bridge.store.observations.snapshots import Scope


def of_walk(
    scope: Scope, walk: Walk, interval: float, *, missing: int
) -> tuple[dict[str, object], list[Event]]:
    """What to remember of this scope, and the events; `missing`: how many objects vanished at once,
    0 if none did.
    """
    memo = scope.remembered_when_well
    if int(memo.get("forbidden", 0)) > 0:
        memo["forbidden"] = -int(memo["forbidden"])
    told = []
    took = (walk.at - walk.began).total_seconds()
    slow = took > interval and not scopes.address(scope.name).family.rotates
    if _turned(memo, "slow", now=slow):
        text = f"it took {spoken(took)}, and is to be polled every {spoken(interval)}"
        told.append(
            poll_events.of_scope(scope, "poll.slow", memo["slow"], walk.at, problem={"text": text})
        )
    if _turned(memo, "shrunk", now=bool(missing)):
        text = (
            f"{missing} objects are missing at once: hidden from us, more likely than deleted; they"
            " are kept as they were. If they are gone, say so: bondbridge poll --once --scope"
            f" {scope.name} --shrink"
        )
        left = poll_events.objects(scope, walk)
        told.append(
            poll_events.of_scope(
                scope, "scope.shrunk", memo["shrunk"], walk.at, objects=left, problem={"text": text}
            )
        )
    return memo, told + [_unknown(scope, each, walk.at) for each in _strange(walk)]


def _turned(memo: dict[str, object], name: str, *, now: bool) -> bool:
    """Whether it has become so; the memo counts how often it has, and is negative while it is
    not.
    """
    n = int(str(memo.get(name, 0)))
    if now == (n > 0):
        return False
    if n or now:
        if now:
            memo[name] = 1 - n
        else:
            memo[name] = -n
    return now


def _strange(walk: Walk) -> list[Strange]:
    """One per kind, whatever its objects differ in, not one per object."""
    shapes = {(seen.kind, frozenset(seen.raw)): seen for seen in walk.seen if seen.raw}
    found: dict[str, Strange] = {}
    for seen in shapes.values():
        one = strange(seen.kind, seen.raw)
        if one:
            known = found.get(seen.kind, one)
            missing = tuple(sorted({*known.missing, *one.missing}))
            found[seen.kind] = Strange(one.kind, missing, {**one.unexpected, **known.unexpected})
    return list(found.values())


def _unknown(scope: Scope, what: Strange, now: datetime) -> Event:
    """The same strangeness is one happening for the whole server, in however many scopes it
    stands.
    """
    data = {
        "scope": {"name": scope.name, "objects": None},
        "problem": {"text": _told(what)},
        "sample": dict(what.unexpected),
    }
    n = [sorted(what.missing), sorted(what.unexpected)]
    row = EVENTS["wire.unknown"]
    return make(
        row, server=scope.server, subject=f"kind/{what.kind}", n=n, time=now, seen_at=now, data=data
    )


def _told(what: Strange) -> str:
    if what.missing:
        missing = f"nothing says its {', '.join(sorted(what.missing))}"
    else:
        missing = ""
    if what.unexpected:
        strange = f"nobody knows its {', '.join(sorted(what.unexpected))}"
    else:
        strange = ""
    return f"{one(what.kind)} is not as expected: {'; '.join(filter(None, (missing, strange)))}"
