"""The words after a command → what it takes: objects by their names, choices, the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.core.chat.commands import Command
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject, UnknownObject

_OBJECTS = frozenset({"bond", "leg", "space", "tuning"})


@dataclass(frozen=True, slots=True)
class Understood:
    """`args`: what was taken, in order, by its proper name; `thing`: the object that was named, if
    one was.
    """

    args: tuple[str, ...] = ()
    thing: InventoryObject | None = None


def understood(command: Command, words: Sequence[str], fleet: Inventory) -> Understood:
    """What these words are to the command of a rule. Raises UnknownObject with what it takes."""
    rest = list(words)
    args = list[str]()
    thing = None
    for place, taken in enumerate(command.takes):
        last = place + 1 == len(command.takes)
        if taken == "text":
            args.append(" ".join(rest))
            rest = []
            continue
        if not rest:
            raise UnknownObject(f"{command.name} takes: {command.usage}")
        # a name of several words needs no quotes where nothing comes after it
        word, rest = (" ".join(rest), []) if last and taken in _OBJECTS else (rest[0], rest[1:])
        if taken in _OBJECTS:
            thing = fleet.named(taken, word)
            args.append(thing.called)
        else:
            args.append(_choice(word, taken.split("|")))
    if rest:
        raise UnknownObject(
            f"{rest[0]!r} is too much: {command.usage}; a name of several words stands in quotes"
        )
    return Understood(tuple(args), thing)


def _choice(word: str, choices: Sequence[str]) -> str:
    said = word.casefold()
    if said in choices:
        return said
    near = get_close_matches(said, choices, n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = ""
    raise UnknownObject(f"{word!r} is none of {', '.join(choices)}" + (f", {hint}" if hint else ""))
