"""What people say in chat: a command becomes an event, and an answer. Recorded first, then
answered; only databases are asked.

words ─► which command ─► who speaks ─► what it names, of what they may see ─► their role there ─►
the event ─► the answer
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bridge.core.canonical_json import identity
from bridge.core.chat import tokenizer
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import UnknownObject
from bridge.core.chat.principal import Principal
from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.roles import held
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.core.model import Event, Json
from bridge.core.rules.rule import Approval, Chat
from bridge.errors import BadInput
from bridge.pipeline.approvals.eligibility import Answerer, known_as
from bridge.pipeline.chat import inventory as fleets
from bridge.pipeline.chat.command_parser import (
    CommandRefusal,
    ParsedCommand,
    address_of,
    chat_of,
    commands_of,
    nouns_of,
    told_as,
    understood,
)
from bridge.pipeline.chat.control_commands import (
    ControlCommands,
    ControlContext,
    NotAllowed,
    problem_of,
)
from bridge.pipeline.chat.query_commands import LOOKS, QueryContext
from bridge.pipeline.messages.reply_addresses import Conversations
from bridge.pipeline.receive.receiver import IncomingWebhook, Receipt, Taken
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.webhooks.platform import CommandDelivery

# as long as a confirmation waits, for people
_CONFIRM = "2m"

log = structlog.get_logger()


class CommandHandler:
    """Takes commands. `now` is domain time; `rulebook` is asked anew each time."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        rulebook: Callable[[], Rulebook],
        talks: Conversations,
        orders: ControlCommands,
    ) -> None:
        self._database = database
        self._now = now
        self._rulebook = rulebook
        self._talks = talks
        self._orders = orders

    def said(self, hook: IncomingWebhook, said: CommandDelivery) -> Receipt:
        """Record a command and answer it. The same delivery again neither acts nor tells anything
        anew.
        """
        name = identity("chat", hook.server, hook.name, said.id)
        said = replace(said, text=tokenizer.plain(said.text))
        book = self._rulebook()
        with self._database.reading() as connection:
            before = event_store.several(connection, [name])
            heard = self._heard(connection, hook, said, book)
        if before:
            return _again(before[0])
        try:
            heard = understood(heard)
        except CommandRefusal as error:
            return self._refuse(error, name)
        event = self._event(heard, "chat.command", name)
        if not self._record(event, heard):
            return _again(event)
        try:
            answer = self._answer(heard, event, book)
        except (UnknownObject, NotAllowed, BadInput) as error:
            if isinstance(error, NotAllowed):
                why = "not_allowed"
            else:
                why = "not_understood"
            if isinstance(error, BadInput):
                text = problem_of(error)
            else:
                text = str(error)
            return self._refuse(CommandRefusal(why, text, heard), identity(name, "refused"))
        return Receipt(
            (Taken(event, new=True),), answer=replace(answer, event=answer.event or event.id)
        )

    def _heard(
        self, connection: Connection, hook: IncomingWebhook, said: CommandDelivery, book: Rulebook
    ) -> ParsedCommand:
        grants = held(hook.grants, hook.strangers, said.person.id, said.room.id)
        asker = Principal(
            known_as(hook.platform.name, said.person.id, hook.grants), grants, hook.spaces
        )
        if grants:
            whole = fleets.read(connection, hook.server)
        else:
            whole = Inventory()
        return ParsedCommand(
            hook,
            said,
            asker,
            whole.seen(lambda space: asker.role(space) is not None),
            commands_of(book),
        )

    def _answer(self, heard: ParsedCommand, event: Event, book: Rulebook) -> Reply:
        """Raises UnknownObject, NotAllowed, BadInput."""
        command = heard.command
        hook = heard.hook
        assert command is not None  # noqa: S101  it was understood
        if command.name in LOOKS and command.rule is None:
            with self._database.reading() as connection:
                at = QueryContext(
                    connection,
                    hook.server,
                    heard.asker,
                    heard.fleet,
                    heard.rest,
                    heard.known,
                    self._now(),
                )
                return LOOKS[command.name](at)
        if command.rule is None:
            who = Answerer(told_as(heard), heard.asker.who, heard.asker.grants, hook.spaces)
            room = heard.said.room
            place = f"chat {hook.name}, room {room.name or room.id}"
            order = ControlContext(
                event.id, hook.server, heard.asker, who, heard.fleet, heard.rest, self._now(), place
            )
            return self._orders.by_name[command.name](order)
        return self._on_its_way(heard, event, book, command.rule)

    def _on_its_way(self, heard: ParsedCommand, event: Event, book: Rulebook, name: str) -> Reply:
        """A rule takes it from here: where later answers can go they say what comes of it."""
        rule = book.rule(name)
        later = address_of(heard)
        sure = rule is not None and isinstance(rule.shape, Chat) and rule.shape.sure
        if rule:
            others = rule.guard.approval
        else:
            others = None
        asked = sure and (others is None or others.condition is not None)
        told = f"{_named(event)}: {_stands(sure=asked, others=others)}"
        if later is not None:
            return Reply(told, event=event.id)
        if asked:
            lines = [f"to do it, say within {_CONFIRM}: yes {self._talks.word(event.id)}"]
        else:
            lines = []
        return Reply(told, (*lines, f"what comes of it: why {event.id[:8]}"), event=event.id)

    def _record(self, event: Event, heard: ParsedCommand) -> bool:
        """Write it down, and where its answers go; False if it was here before."""
        if event.type == "chat.command" and heard.command and heard.command.rule:
            address = address_of(heard)
        else:
            address = None
        with self._database.writing() as connection:
            new = bool(event_store.record(connection, [event]))
            if new and address is not None:
                self._talks.begin(connection, event.id, heard.hook.name, address)
        log.info(headline(event) if new else "command received again", id=event.id, type=event.type)
        return new

    def _refuse(self, error: CommandRefusal, name: str) -> Receipt:
        """It comes to nothing, which is recorded and told as anything else is."""
        event = self._event(
            error.heard, "chat.refused", name, refusal={"why": error.why, "text": str(error)}
        )
        if not self._record(event, error.heard):
            return _again(event)
        return Receipt(
            (Taken(event, new=True),), answer=Reply(str(error), event=event.id, tone=Tone.BAD)
        )

    def _event(self, heard: ParsedCommand, name: str, identifier: str, **more: Json) -> Event:
        row = builder.EVENTS[name]
        thing = heard.taken.thing
        now = self._now()
        data: dict[str, Json] = {"chat": chat_of(heard), **more}
        if name == "chat.command":
            data |= nouns_of(heard)
        if thing:
            subject = f"{thing.kind}/{thing.id}"
        else:
            subject = f"chat/{heard.hook.name}"
        made = builder.make(
            row,
            server=heard.hook.server,
            subject=subject,
            n=heard.said.id,
            time=now,
            seen_at=now,
            data=data,
        )
        # of one delivery there is one event, whatever it comes to: so a replay is known before it
        # is understood
        return replace(made, id=identifier)


def _stands(*, sure: bool, others: Approval | None) -> str:
    """What a command that was taken waits for, as far as that is known before its rule is asked."""
    if sure:
        return "waiting for confirmation"
    if others is not None and others.condition is None:
        return "waiting for approval"
    return "on its way"


def _named(event: Event) -> str:
    """`"restart vancouver-hq"`."""
    chat = event.data["chat"]
    return " ".join([str(chat["command"]), *map(str, chat["args"])]).strip()


def _again(event: Event) -> Receipt:
    answer = Reply("this was here before, and is not taken twice", event=event.id)
    return Receipt((Taken(event, new=False),), answer=answer)
