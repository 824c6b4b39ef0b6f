"""Where people are told: channels with their addresses and rooms, and the watchdog, which goes past
all of them.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from bridge.config.secrets import AddressSecret, Frozen, GivenSecret, Secret
from bridge.config.setting_types import Bound, Duration, Name
from bridge.core.rules import time_windows
from bridge.core.rules.models.guard import WindowModel
from bridge.core.rules.models.scalars import Clock, Zone
from bridge.core.rules.rule import Window

Severity = Literal["info", "warning", "critical"]

# some week is looked at as a whole, for quiet hours that never end
_A_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_OVER_A_WEEK = timedelta(days=8)


class Room(Frozen):
    """A room of a chat: the address of its incoming webhook, a secret, and the webhook of ours that
    buttons come back to.
    """

    webhook: Name
    url: AddressSecret


def _ends(quiet: list[WindowModel]) -> list[WindowModel]:
    """Quiet hours that are over at some time of the week. Raises ValueError for those that never
    are.
    """
    hours = [Window(each.days, each.begins, each.ends, each.zone) for each in quiet]
    now = _A_MONDAY
    while now < _A_MONDAY + _OVER_A_WEEK:
        ends = time_windows.closes(hours, now)
        if ends is None:
            return quiet
        now = ends
    msg = (
        "quiet hours that are never over: what is not `loud` would never be told; leave some hours"
        " out, or write `severity` for what is told at all"
    )
    raise ValueError(msg)


def _somewhere(urls: list[Secret], info: ValidationInfo) -> list[Secret]:
    """Looked at here and not when all is read, so that it is told with what is wrong otherwise.
    Raises ValueError.
    """
    if urls or info.data.get("rooms", True):  # without rooms: those were wrong, and that is told
        return urls
    msg = "a channel that leads nowhere: write `urls` or `rooms`, or both"
    raise ValueError(msg)


class Channel(Frozen):
    """A named place where people are told: Apprise URLs, each a secret since it carries
    credentials, and rooms of a chat.

    `severity`: the least that is told. `spaces`: only what is about bonds of these, by globs; empty
    for all. `quiet`: hours in which only what is `loud` is told. `digest`: what comes within it is
    one message. `rate`: at most so many messages; what is too much waits, and is one message then.
    """

    rooms: list[Room] = Field(default_factory=list)
    urls: Annotated[list[GivenSecret], AfterValidator(_somewhere)] = Field(
        default_factory=list, validate_default=True
    )
    severity: Severity = "info"
    spaces: list[str] = Field(default_factory=list)
    quiet: Annotated[list[WindowModel], AfterValidator(_ends)] = Field(default_factory=list)
    loud: Severity = "critical"
    digest: Duration | None = None
    rate: Bound | None = Bound.model_construct(most=20, every=60.0)


class Daily(Frozen):
    """When the day's line is told: a time of day in a time zone."""

    at: Clock
    zone: Zone


class Watchdog(Frozen):
    """Who is told, past everything else of ours, when the bridge itself stands still for `after`;
    it looks `every` so often.

    `tell`: Apprise URLs, each a secret. `ping`: an address that is called while all is well, and
    told otherwise; a secret.
    """

    tell: list[GivenSecret] = Field(default_factory=list)
    after: Duration = 300.0
    every: Duration = 60.0
    ping: AddressSecret | None = None
    daily: Daily | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "Watchdog":
        if not (self.tell or self.ping):
            msg = "a watchdog that tells nobody: write `tell` or `ping`, or both"
            raise ValueError(msg)
        if self.daily and not self.tell:
            msg = "the line of `daily` is told at the addresses of `tell`, and there are none"
            raise ValueError(msg)
        return self
