"""Receive: what comes to a webhook becomes events, stored before it is answered. The other way into
the flow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bridge.core.chat.reply import Reply
from bridge.core.chat.roles import Grant, Role
from bridge.core.events import builder
from bridge.core.model import Body, Event
from bridge.core.secret_masking import masked
from bridge.errors import Refused
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.webhooks.platform import (
    ButtonDelivery,
    CommandDelivery,
    DeliveryReading,
    EventDelivery,
    Keys,
    Options,
    Platform,
    Request,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IncomingWebhook:
    """One incoming webhook.

    `secrets` are read each time, so that they can be changed while we run. `tolerance` in seconds
    of machine time. `spaces`: globs of the spaces that what comes of it may touch; None for all.
    `grants`, `strangers`: who may do what in chat; `answers_at`: how addresses for later answers
    must begin.
    """

    name: str
    platform: Platform
    secrets: Callable[[], Sequence[str]]
    server: str
    tolerance: float
    options: Options
    spaces: Sequence[str] | None = None
    grants: Sequence[Grant] = ()
    strangers: Role | None = None
    answers_at: Sequence[str] = ()

    def keys(self) -> Keys:
        """What a request is checked with now. Raises ValueError where there is no secret that can
        be read any more.
        """
        return Keys(self.secrets(), self.tolerance, self.options)


@dataclass(frozen=True, slots=True)
class Taken:
    """The event a delivery became, and whether it was new."""

    event: Event
    new: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one request came to: its events, what of it was ignored and why, and what is to be
    answered beside that.

    `challenge`: what the platform wanted to hear. `answer`: to a person who talks; `pressed`: who
    pressed a button.
    """

    taken: tuple[Taken, ...] = ()
    ignored: tuple[str, ...] = ()
    challenge: Body | None = None
    answer: Reply | None = None
    pressed: bool = False

    @property
    def new(self) -> bool:
        """Whether anything of it was."""
        return any(each.new for each in self.taken)


# what takes what people say and press: see `command_handler` and `button_handler`
Talks = Callable[[IncomingWebhook, CommandDelivery], Receipt]
Presses = Callable[[IncomingWebhook, ButtonDelivery], Receipt]
# raises Refused for a button that is none of ours
Ours = Callable[[IncomingWebhook, ButtonDelivery], object]


class Receiver:
    """Takes deliveries. `now` is domain time, `machine` the machine's, which signatures are dated
    by.
    """

    def __init__(
        self,
        database: Database,
        hooks: Mapping[str, IncomingWebhook],
        now: Callable[[], datetime],
        machine: Callable[[], datetime],
        *,
        said: Talks,
        pressed: Presses,
        ours: Ours,
    ) -> None:
        self._database = database
        self.hooks = hooks
        self._now = now
        self._machine = machine
        self._said = said
        self._pressed = pressed
        self._ours = ours

    def read(self, name: str, headers: Mapping[str, str], body: bytes) -> DeliveryReading:
        """Check one request and say what it comes to; nothing is stored. Raises Refused, KeyError
        for an unknown name.
        """
        hook = self.hooks[name]
        try:
            keys = hook.keys()
        except ValueError as error:
            # which place it is, is for those who run us and not for those who send
            log.warning("the secret of a webhook cannot be read", webhook=name, why=str(error))
            raise Refused("the secret of this webhook cannot be read here", 503) from error
        reading = hook.platform.read(Request(headers, body), keys, self._machine())
        for each in reading.deliveries:
            # on a platform that does not sign what is pressed, this is all that keeps strangers out
            if isinstance(each, ButtonDelivery):
                self._ours(hook, each)
        return reading

    def take(self, name: str, reading: DeliveryReading) -> Receipt:
        """Store what a request came to, all of it or nothing."""
        hook = self.hooks[name]
        if reading.answer is not None:
            return Receipt(challenge=reading.answer)
        match reading.deliveries:
            case (CommandDelivery() as said,):
                return self._said(hook, said)
            case (ButtonDelivery() as pressed,):
                return self._pressed(hook, pressed)
        posted = [each for each in reading.deliveries if isinstance(each, EventDelivery)]
        return Receipt(self._store(hook, posted, reading.lost), reading.ignored)

    def _store(
        self, hook: IncomingWebhook, posted: Sequence[EventDelivery], lost: str
    ) -> tuple[Taken, ...]:
        now = self._now()
        with self._database.writing() as connection:
            before = [
                _event(hook, each.earlier, each.body, now).id for each in posted if each.earlier
            ]
            known = {event.id: event for event in event_store.several(connection, before)}
            found = [_known_or_new(hook, each, known, now) for each in posted]
            if lost:
                more = [_truncated(hook, lost, now)]
            else:
                more = []
            new = {event.id for event in event_store.record(connection, [*found, *more])}
        if lost:
            log.warning("part of a webhook was not sent", webhook=hook.name, why=lost)
        for event in found:
            if event.id in new:
                said = "received"
            else:
                said = "received again"
            log.info("webhook %s", said, webhook=hook.name, id=event.id)
        return tuple(Taken(event, event.id in new) for event in found)


def _known_or_new(
    hook: IncomingWebhook, posted: EventDelivery, known: Mapping[str, Event], now: datetime
) -> Event:
    """The event it became when it came before under its earlier id, or else the one it becomes."""
    if posted.earlier:
        earlier = known.get(_event(hook, posted.earlier, posted.body, now).id)
    else:
        earlier = None
    return earlier or _event(hook, posted.id, posted.body, now)


def _truncated(hook: IncomingWebhook, lost: str, now: datetime) -> Event:
    """Once an hour: what is left out of one notification is left out of the next as well."""
    row = builder.EVENTS["alerts.truncated"]
    hour = now.strftime("%Y-%m-%dT%H")
    data = {"problem": {"text": f"webhook {hook.name}: {lost}"}}
    return builder.make(
        row,
        server=hook.server,
        subject=f"webhook/{hook.name}",
        n=hour,
        time=now,
        seen_at=now,
        data=data,
    )


def _event(hook: IncomingWebhook, n: str, body: Body, now: datetime) -> Event:
    if hook.spaces is not None:
        reach = list(hook.spaces)
    else:
        reach = None
    return builder.make(
        builder.webhook(hook.name),
        server=hook.server,
        subject=f"webhook/{hook.name}",
        n=n,
        time=now,
        seen_at=now,
        data={"body": masked(body), "reach": reach},
    )
