"""What a rule's command is, from `when: {chat: …}`: what its events name, who may say it, whether
they are asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bridge.core.chat.commands import BUILT_IN
from bridge.core.chat.roles import Role
from bridge.core.events.builder import EVENTS
from bridge.core.rules.models.rule import NAMED, ChatModel, RuleModel, ShapeModel
from bridge.core.rules.parse_context import ParseContext, Shapes
from bridge.core.rules.rule import Chat, Step

COMMAND = "chat.command"
# a leg and a tuning have their bond
_NAMES = {
    "bond": ("bond",),
    "leg": ("bond", "leg"),
    "tuning": ("bond", "tuning"),
    "space": ("space",),
}
_HERE = ("when", "chat")


def shapes_of(model: ChatModel) -> Shapes:
    """What expressions see of its commands: what it does not take is not there."""
    named = {noun for each in model.takes if each in NAMED for noun in _NAMES[each]}
    row = EVENTS[COMMAND]
    return {
        COMMAND: (
            replace(
                row, nouns=tuple(noun for noun in row.nouns if noun not in NAMED or noun in named)
            ).shape
        )
    }


def chat_of(
    reading: ParseContext, model: RuleModel, steps: tuple[Step, ...], types: Iterable[str]
) -> Chat | None:
    """The command, where the rule is one; says so where a rule listens to commands, calls, and is
    none.
    """
    if isinstance(model.when, ShapeModel):
        given = model.when.chat
    else:
        given = None
    if given is None:
        if COMMAND in types and any(step.action in ("call", "silence") for step in steps):
            what = (
                "a rule that listens to every command calls and silences nothing: nobody's role"
                " would be asked for"
            )
            reading.say(("when",), what, "write `when: {chat: {command: NAME}}`")
        return None
    for name in BUILT_IN:
        if given.command == name:
            reading.say(
                (*_HERE, "command"), f"the command {name!r} is built in", "give it another name"
            )
    needed = max(_needed(reading, steps), default=Role.VIEWER)
    if given.role:
        role = Role[given.role.upper()]
    else:
        role = needed
    if role < needed:
        what = f"what it does needs the role {needed.word}, and {role.word} is lower"
        reading.say((*_HERE, "role"), what, f"write `role: {needed.word}`, or leave it out")
    calls = any(step.action == "call" for step in steps)
    if given.sure and not calls:
        reading.say(
            (*_HERE, "sure"),
            "`sure` asks before something is called, and no step here calls anything",
            "leave it out",
        )
    return Chat(given.command, tuple(given.takes), role, sure=calls and given.sure is not False)


def _needed(reading: ParseContext, steps: Iterable[Step]) -> Iterator[Role]:
    for step in steps:
        if step.action == "call":
            yield reading.vocabulary.roles.get(step.name, Role.OPERATOR)
        elif step.action == "silence":
            yield Role.OPERATOR
        yield from _needed(reading, step.on_failure)
