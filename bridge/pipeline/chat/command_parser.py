"""Hearing a command: who speaks, which command it is, what it names of what they may see, and the
role they hold there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bridge.core.chat import arguments, commands, tokenizer
from bridge.core.chat.arguments import Understood
from bridge.core.chat.commands import BUILT_IN, Command
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.principal import Principal
from bridge.core.chat.roles import Role
from bridge.core.model import Body, Json
from bridge.core.rules.rule import Chat
from bridge.pipeline.messages.reply_addresses import allowed
from bridge.pipeline.receive.receiver import IncomingWebhook
from bridge.rulebook import Rulebook
from bridge.webhooks.platform import CommandDelivery

# so much of what was said is kept
_LONGEST = 1000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A command while it is understood: who said it through what, what they see, all the commands
    there are.
    """

    hook: IncomingWebhook
    said: CommandDelivery
    asker: Principal
    fleet: Inventory
    known: Mapping[str, Command]
    command: Command | None = None
    rest: Sequence[str] = ()
    taken: Understood = field(default_factory=Understood)


class CommandRefusal(Exception):
    """Why a command comes to nothing: one word, and a sentence; and the command, as far as it was
    understood.
    """

    def __init__(self, why: str, text: str, heard: ParsedCommand) -> None:
        super().__init__(text)
        self.why = why
        self.heard = heard


def understood(heard: ParsedCommand) -> ParsedCommand:
    """Which command it is and what it names. Raises Refusal."""
    if not heard.asker.grants:
        mend = (
            f"an admin can add you to `people` of the webhook {heard.hook.name}: your id is"
            f" {heard.said.person.id}"
        )
        raise CommandRefusal("stranger", f"you have no role here; {mend}", heard)
    try:
        heard = _begun(heard)
        command = heard.command
        if command is not None and command.rule is not None:
            heard = replace(heard, taken=arguments.understood(command, heard.rest, heard.fleet))
    except ValueError as error:  # UnknownObject is one
        raise CommandRefusal("not_understood", str(error), heard) from error
    _check_role(heard)
    return heard


def _begun(heard: ParsedCommand) -> ParsedCommand:
    """Which command it is, and the words after it. Raises Refusal, ValueError."""
    said = tokenizer.split(heard.said.text) or ["help"]
    found = commands.found(said, heard.known)
    if found is None:
        near = commands.near(said, heard.known)
        told = f"there is no command {said[0]!r}{f', {near}' if near else ''}; help lists them"
        raise CommandRefusal("unknown_command", told, heard)
    command, rest = found
    return replace(heard, command=command, rest=rest, taken=Understood(tuple(rest)))


def _check_role(heard: ParsedCommand) -> None:
    role = role_of(heard)
    thing = heard.taken.thing
    command = heard.command
    if command is not None and (role is None or role < command.role):
        if role:
            has = f"you are {role.word}"
        else:
            has = "you have no role"
        if thing:
            where = f" for {thing.called}"
        else:
            where = ""
        raise CommandRefusal(
            "role", f"{command.name} needs the role {command.role.word}{where}, and {has}", heard
        )


def role_of(heard: ParsedCommand) -> Role | None:
    """The role that the person holds for what they named; where nothing is named, the highest."""
    thing = heard.taken.thing
    if thing:
        return heard.asker.role(thing.space)
    return heard.asker.highest


def commands_of(book: Rulebook) -> Mapping[str, Command]:
    """Those of the rulebook, and those that are built in."""
    own = {
        rule.shape.command: Command(
            rule.shape.command, rule.shape.takes, rule.shape.role, rule.description, rule.id
        )
        for rule in book.rules
        if isinstance(rule.shape, Chat)
    }
    return {**own, **BUILT_IN}


def chat_of(heard: ParsedCommand) -> Body:
    """What the event tells of who said what, and where."""
    said = heard.said
    role = role_of(heard)
    return {
        "command": heard.command.name if heard.command else None,
        "text": said.text[:_LONGEST],
        "args": list(heard.taken.args),
        "role": role.word if role else None,
        "who": heard.asker.who,
        "platform": heard.hook.platform.name,
        "webhook": heard.hook.name,
        "user": {"id": said.person.id, "name": said.person.name},
        "room": {"id": said.room.id, "name": said.room.name},
    }


def nouns_of(heard: ParsedCommand) -> Body:
    """What the command names, and where what comes of it may act."""
    found: dict[str, Json] = dict.fromkeys(("bond", "leg", "tuning", "space"))
    thing = heard.taken.thing
    if thing is not None:
        bond = heard.fleet.bond_of(thing)
        found |= {thing.kind: dict(thing.body)} | ({"bond": dict(bond.body)} if bond else {})
    if heard.command:
        needed = heard.command.role
    else:
        needed = None
    spaces = [each.id for each in heard.fleet.spaces]
    return {**found, "reach": heard.asker.reach(needed, spaces) if needed else []}


def address_of(heard: ParsedCommand) -> str | None:
    """Where later answers may go; None where nowhere, or where the settings do not let them."""
    address = heard.said.answer_at
    if address is None:
        return None
    if not allowed(address, heard.hook.answers_at):
        log.warning(
            "no later answers: their address is not one of answers_at", webhook=heard.hook.name
        )
        return None
    return address


def told_as(heard: ParsedCommand) -> str:
    """As others are told who answered: a name that people choose themselves is no proof of who they
    are.
    """
    who = heard.asker.who
    person = heard.said.person
    if person.name and who.endswith(f"/{person.id}"):
        return f"{person.name} ({who})"
    return who
