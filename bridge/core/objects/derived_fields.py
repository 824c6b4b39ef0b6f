"""What an object's body says that the server does not: worked out from the object before, the
object now, and the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Body, Seen
from bridge.core.objects.link_state import standing

# stages of a certificate that come before its end
EXPIRY_DAYS = (30, 14, 7, 1)

# As long as failures rise and nothing that waits gets done, a queue is stuck: a node that is only
# restarting is back sooner.
STUCK_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What else it depends on: `now` on the server's own clock, the body of the repository's
    `bonding_version`.
    """

    now: datetime
    version: Body | None = None


Derive = Callable[[Body | None, Body, Meanwhile], Body]


def carried(before: Body | None, new: Seen, meanwhile: Meanwhile) -> Seen:
    """The object with the fields that only we can fill."""
    derive = _DERIVED.get(new.kind)
    if derive:
        return replace(new, body={**new.body, **derive(before, new.body, meanwhile)})
    return new


def _standing(kind: str) -> Derive:
    return lambda before, body, _: {"standing": standing(kind, before, body)}


def _queue(before: Body | None, body: Body, meanwhile: Meanwhile) -> Body:
    """Configuration updates: `failing` while failures rise, `stuck` when besides nothing pending
    gets done for a while.

    Where the server does not say how many are pending, only failures that stop rising can clear it.
    """
    now = meanwhile.now
    state, since = (before["state"], before["since"]) if before else (None, None)
    rising = before is not None and (body["failures"] or 0) > (before["failures"] or 0)
    if state in (None, "clear"):
        if rising:
            return {"state": "failing", "since": now.isoformat()}
        return {"state": "clear", "since": None}
    assert before is not None  # noqa: S101  a state was read from it
    known = body["pending"] is not None and before["pending"] is not None
    done = known and body["pending"] < before["pending"]
    empty = body["pending"] == 0
    if (empty and done) or (
        (empty or done) and not rising
    ):  # what is sent again and again may not count as pending
        return {"state": "clear", "since": None}
    if done:
        return {"state": "failing", "since": now.isoformat()}
    late = since is None or now - datetime.fromisoformat(since) >= STUCK_AFTER
    if late and not rising and not known:
        return {"state": "clear", "since": None}
    return {"state": "stuck" if late else state, "since": since}


def _checks(before: Body | None, body: Body, _: Meanwhile) -> Body:
    """Failover checks: `failing` while their failures rise from one look to the next."""
    if before is None:
        return {"state": "clear"}
    return {"state": "failing" if (body["failure"] or 0) > (before["failure"] or 0) else "clear"}


def _expiry(_: Body | None, body: Body, meanwhile: Meanwhile) -> Body:
    """How near a certificate's end is: the smallest of EXPIRY_DAYS that it has come to, 0 after it,
    None before.
    """
    if not body["not_after"]:
        return {"stage": None}
    left = (datetime.fromisoformat(body["not_after"]) - meanwhile.now) / timedelta(days=1)
    reached = [days for days in (*EXPIRY_DAYS, 0) if left <= days]
    return {"stage": min(reached) if reached else None}


def _outdated(_: Body | None, body: Body, meanwhile: Meanwhile) -> Body:
    """A node that runs another version than the repository holds; None where one of the two is not
    known.
    """
    if meanwhile.version:
        newest = meanwhile.version["version"]
    else:
        newest = None
    return {"outdated": body["version"] != newest if newest and body["version"] else None}


_DERIVED: Mapping[str, Derive] = {
    "leg": _standing("leg"),
    "aggregator": _standing("aggregator"),
    "config_updates": _queue,
    "failover_checks": _checks,
    "certificate": _expiry,
    "node": _outdated,
}
