"""Which object a person means: by its id, its name, the beginning of it, or a part of it that no
other has.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from html import unescape

from bridge.core.model import Body

_TOLD = 5


class UnknownObject(ValueError):
    """Nothing is called so, or several are: in a sentence for the person who said it."""


@dataclass(frozen=True, slots=True)
class InventoryObject:
    """One object that can be named; `body` as events have it. `space`: the key of the one it is in,
    None where unknown.

    `within`: the name of what it belongs to, which may stand before its own: hq/dsl.
    """

    kind: str
    id: str
    name: str
    space: str | None
    body: Body
    within: str | None = None

    @property
    def called(self) -> str:
        """As it is told: `"hq/dsl"`; by its id where it has no name."""
        own = self.name or self.id
        if self.within:
            return f"{self.within}/{own}"
        return own


def find(kind: str, word: str, things: Iterable[InventoryObject]) -> InventoryObject:
    """The one that is meant. Raises UnknownObject, which names only what is among `things`."""
    known = list(things)
    if "&" in word and unescape(word) != word:
        # some platforms send what stands for a sign instead of the sign
        with suppress(UnknownObject):
            return find(kind, unescape(word), known)
    wanted = word.casefold()
    same = _fits(wanted, known, lambda name: name == wanted)
    # two of the same name are told apart by the way they are written, and by their ids
    for fitting in (
        [each for each in known if each.id == word],
        [each for each in same if word in _names(each)],
        same,
        _fits(wanted, known, lambda name: name.startswith(wanted)) if wanted else [],
        _fits(wanted, known, lambda name: wanted in name) if wanted else [],
    ):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise UnknownObject(f"several {kind}s are called like {word!r}: {_some(fitting)}")
    raise UnknownObject(f"no {kind} {word!r}{_meant(wanted, known)}")


def _names(thing: InventoryObject) -> Sequence[str]:
    """What a thing goes by: its name, and with what it belongs to before it."""
    return [each for each in dict.fromkeys((thing.name, thing.called)) if each]


def _fits(
    wanted: str, things: Iterable[InventoryObject], fits: Callable[[str], bool]
) -> list[InventoryObject]:
    """With a slash the part before it may be a part of the name of what the thing belongs to."""
    found = [thing for thing in things if any(fits(name.casefold()) for name in _names(thing))]
    return found or [thing for thing in things if _within(wanted, thing, fits)]


def _within(wanted: str, thing: InventoryObject, fits: Callable[[str], bool]) -> bool:
    above, slash, own = wanted.rpartition("/")
    if not slash or not thing.within or above not in thing.within.casefold():
        return False
    return fits(f"{above}/{thing.name.casefold()}") and bool(own)


def _meant(wanted: str, things: Iterable[InventoryObject]) -> str:
    called = {name.casefold(): name for thing in things for name in reversed(_names(thing))}
    near = get_close_matches(wanted, list(called), n=1)
    if near:
        return f", did you mean {called[near[0]]!r}?"
    return ""


def _some(things: Sequence[InventoryObject]) -> str:
    told = [f"{each.called} ({each.id})" for each in things[:_TOLD]]
    return ", ".join(told) + (f" and {len(things) - _TOLD} more" if len(things) > _TOLD else "")
