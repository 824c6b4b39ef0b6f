"""How an address of a channel is doing after a message: well, or left alone for a while that grows;
what is told of that.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.actions.action import Result
from bridge.core.decisions import retry
from bridge.core.events import builder
from bridge.core.events.builder import EVENTS, OURSELVES
from bridge.core.model import Body, Event, Outcome
from bridge.store.notifications.destinations import Destination

# a service that is away for less is no news
_TOLD_AFTER = timedelta(minutes=5)
# so many messages in a row that it does not take are no fault of the messages: the others wait
_REFUSED = 3


def after(outlet: Destination, result: Result, counted: int, now: datetime) -> Destination:
    """How the address is doing after a message: well, or left alone for a while that grows.
    `counted`: messages to remember.
    """
    if counted:
        recent = (*outlet.recent, now)[-counted:]
    else:
        recent = ()
    if result.outcome is Outcome.DONE:
        return replace(
            outlet, recent=recent, failures=0, failing_since=None, again_at=None, said=result.detail
        )
    if result.outcome is Outcome.REFUSED and outlet.again_at is not None and not outlet.told:
        outlet = replace(outlet, failures=0, failing_since=None)  # it was away, and now it answers
    failures = outlet.failures + 1
    since = outlet.failing_since or now
    if (
        result.outcome is Outcome.REFUSED and failures < _REFUSED
    ):  # it may be this one message that it does not take
        return replace(
            outlet,
            recent=recent,
            failures=failures,
            failing_since=since,
            again_at=None,
            said=result.detail,
        )
    pause = max(retry.backoff(failures), result.wait or 0.0)
    return replace(
        outlet,
        failures=failures,
        failing_since=since,
        again_at=now + timedelta(seconds=pause),
        said=result.detail,
    )


def turned(
    before: Destination, after: Destination, now: datetime
) -> tuple[Destination, list[Event]]:
    """That a channel has taken nothing for a while, once; and that it does again."""
    lasts = after.failing_since is not None and now - after.failing_since >= _TOLD_AFTER
    refuses = (
        after.failures >= _REFUSED and before.again_at is None and before.failures == _REFUSED - 1
    )
    if after.failing_since is not None and not before.told and (lasts or refuses):
        return replace(after, told=True), [
            _event("channel.failing", after, after.failing_since, now)
        ]
    if after.failing_since is None and before.told and before.failing_since is not None:
        return replace(after, told=False), [
            _event("channel.working", after, before.failing_since, now)
        ]
    return after, []


def _event(name: str, outlet: Destination, since: datetime, now: datetime) -> Event:
    noun: Body = {
        "name": outlet.channel,
        "address": outlet.target,
        "since": since.isoformat(),
        "detail": outlet.said,
    }
    return builder.make(
        EVENTS[name],
        server=OURSELVES,
        subject=f"channel/{outlet.key}",
        n=since.isoformat(),
        time=now,
        seen_at=now,
        data={"channel": noun},
    )
