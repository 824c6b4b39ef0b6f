"""Taking: anyone who presses "Acknowledge" below a notice has what it told, if they are an operator
where that is.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.core.canonical_json import identity
from bridge.core.chat.principal import Principal
from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.signed_tokens import AcknowledgeToken
from bridge.core.decisions import retry
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.core.model import Event, Job, JobState
from bridge.errors import BadInput, Refused
from bridge.pipeline.approvals.eligibility import Answerer
from bridge.pipeline.chat import visibility
from bridge.pipeline.messages.question_jobs import reply_request
from bridge.pipeline.messages.reply_addresses import Conversations, allowed
from bridge.pipeline.notifications.follow_up import FollowUps
from bridge.pipeline.receive.receiver import IncomingWebhook, Receipt, Taken
from bridge.store.database import Database
from bridge.store.decisions import jobs as job_store
from bridge.store.notifications import open_notifications
from bridge.store.observations import events as event_store
from bridge.webhooks.platform import ButtonDelivery

_GONE = 410

log = structlog.get_logger()


class AcknowledgeHandler:
    """Takes such presses. `now` is domain time."""

    def __init__(
        self,
        database: Database,
        follower: FollowUps,
        conversations: Conversations,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._follower = follower
        self._conversations = conversations
        self._now = now

    def pressed(
        self, hook: IncomingWebhook, pressed: ButtonDelivery, take: AcknowledgeToken, by: Answerer
    ) -> Receipt:
        """What comes of one press. Raises Refused where what it was about is not there any more."""
        about, may, has_it, since = self._looked_up(hook, take, by)
        if not may:
            return self._refuse(
                hook,
                pressed,
                about,
                by,
                "it needs the role operator in every space that it is about",
            )
        if has_it == by.name and self._same(about, pressed):
            return Receipt(answer=_has_it(about, by, None), pressed=True)
        if has_it == by.name:
            said = f"You said so already: you acknowledged it at {since:%Y-%m-%d %H:%M} UTC."
            return self._refuse(
                hook,
                pressed,
                about,
                by,
                "they acknowledged it already",
                Reply(said, tone=Tone.GOOD),
            )
        told: list[Event] = []

        def then(connection: Connection, event: Event, like: Job) -> None:
            told.append(event)
            self._tell(connection, hook, pressed, event, like, _has_it(about, by, event))

        try:
            self._follower.acknowledge(take.event, by.name, then)
        except BadInput as error:
            return self._refuse(hook, pressed, about, by, error.problems[0].what)
        return Receipt(
            (Taken(told[0], new=True),), answer=_has_it(about, by, told[0]), pressed=True
        )

    def _same(self, about: Event, pressed: ButtonDelivery) -> bool:
        """Whether this is the press by which they took it, sent once more; or one that is answered
        where it was pressed.
        """
        if not pressed.answer_at:
            return True
        with self._database.reading() as connection:
            rows = open_notifications.of_event(connection, about.id)
            return bool(rows) and job_store.there(connection, _back_id(rows[0]["job"], pressed))

    def _looked_up(
        self, hook: IncomingWebhook, take: AcknowledgeToken, by: Answerer
    ) -> tuple[Event, bool, str | None, datetime | None]:
        """What it is about, whether the person who pressed may take it, who has acknowledged it,
        and since when. Raises Refused.
        """
        asker = Principal(by.identity or by.name, by.grants or (), hook.spaces)
        with self._database.reading() as connection:
            found = event_store.several(connection, [take.event])
            if not found:
                raise Refused("what this button is about is not there any more", _GONE)
            row = next(iter(open_notifications.of_event(connection, take.event)), None)
            has_it, since = (row["acked_by"], row["acked_at"]) if row else (None, None)
            return (
                found[0],
                visibility.operates(connection, asker, found[0], self._now()),
                has_it,
                since,
            )

    def _refuse(
        self,
        hook: IncomingWebhook,
        pressed: ButtonDelivery,
        about: Event,
        by: Answerer,
        why: str,
        said: Reply | None = None,
    ) -> Receipt:
        """That it comes to nothing is recorded and told to the person who pressed, as of a
        command.
        """
        event = _refused(hook, pressed, about, by, why, self._now())
        answer = replace(
            said or Reply(f"This does not count: {why}.", tone=Tone.BAD), event=event.id
        )
        with self._database.writing() as connection:
            new = bool(event_store.record(connection, [event]))
            rows = open_notifications.of_event(connection, about.id)
            if new and rows:
                self._tell(
                    connection,
                    hook,
                    pressed,
                    event,
                    job_store.get(connection, rows[0]["job"]),
                    answer,
                )
        log.info(headline(event) if new else "pressed again", id=event.id, type=event.type)
        return Receipt((Taken(event, new=new),), answer=answer, pressed=True)

    def _tell(
        self,
        connection: Connection,
        hook: IncomingWebhook,
        pressed: ButtonDelivery,
        told: Event,
        like: Job,
        answer: Reply,
    ) -> None:
        """Where the platform takes the answer at an address, it goes there by the outbox."""
        if pressed.answer_at and allowed(pressed.answer_at, hook.answers_at):
            self._conversations.begin(connection, told.id, hook.name, pressed.answer_at)
            job_store.add(connection, [_back(like, pressed, told, answer)])


def _has_it(about: Event, by: Answerer, told: Event | None) -> Reply:
    """It takes the place of the notice: everybody in the room sees who has acknowledged it."""
    if told:
        event = told.id
    else:
        event = about.id
    return Reply(
        f"{by.name} acknowledged: {headline(about)}",
        event=event,
        tone=Tone.GOOD,
        to_all=True,
        replaces=True,
    )


def _back_id(notice: str, pressed: ButtonDelivery) -> str:
    """Of the job that tells the person who pressed: each press has one."""
    return identity(notice, "back", pressed.id)


def _back(like: Job, pressed: ButtonDelivery, told: Event, answer: Reply) -> Job:
    wanted = retry.default("reply", told.type)
    return replace(
        like,
        id=_back_id(like.id, pressed),
        action="reply",
        request=reply_request(told.id, answer),
        retry=wanted,
        due_at=told.time,
        not_after=told.time + timedelta(seconds=wanted.until),
        target="",
        state=JobState.DUE,
        attempts=0,
        doubt=False,
        parent=like.id,
    )


def _refused(
    hook: IncomingWebhook,
    pressed: ButtonDelivery,
    about: Event,
    by: Answerer,
    why: str,
    now: datetime,
) -> Event:
    user = pressed.person
    room = pressed.room
    chat = {
        "command": "ack",
        "text": f"ack {about.id[:8]}",
        "args": [about.id[:8]],
        "role": None,
        "who": by.identity or by.name,
        "platform": hook.platform.name,
        "webhook": hook.name,
        "user": {"id": user.id, "name": user.name},
        "room": {"id": room.id, "name": room.name},
    }
    made = builder.make(
        builder.EVENTS["chat.refused"],
        server=hook.server,
        subject=f"chat/{hook.name}",
        n=pressed.id,
        time=now,
        seen_at=now,
        data={"chat": chat, "refusal": {"why": "not_allowed", "text": why}},
    )
    return replace(made, id=identity("chat", hook.server, hook.name, pressed.id))
