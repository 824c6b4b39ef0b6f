"""Which operation somebody meant whose word for it is none."""

from collections.abc import Collection
from difflib import SequenceMatcher, get_close_matches

from bridge.bonding.catalogue.operation import Danger
from bridge.bonding.catalogue.operations import ALIASES, OPERATIONS

# words for making away with something; anyone who writes one of them, or nearly, has it in mind
_DESTROYING = ("delete", "remove", "destroy", "erase", "drop")
_NEARLY = 0.75


def meant(word: str, names: Collection[str] = (*OPERATIONS, *ALIASES)) -> str:
    """The operation of these names that is spelt nearly so, or nothing.

    Never one that deletes for a word that does not speak of deleting: a suggestion is typed in
    without much thought.
    """
    noun, dot, verb = word.rpartition(".")
    deleting = any(
        SequenceMatcher(None, verb.lower(), each).ratio() >= _NEARLY for each in _DESTROYING
    )
    if deleting:
        word = f"{noun}{dot}delete"
    near = get_close_matches(word, [name for name in names if deleting or not _deletes(name)], n=1)
    if near:
        return near[0]
    return ""


def did_you_mean(word: str, names: Collection[str] = (*OPERATIONS, *ALIASES)) -> str:
    """The same as a question, or nothing."""
    near = meant(word, names)
    if near:
        return f"did you mean {near!r}?"
    return ""


def _deletes(name: str) -> bool:
    row = ALIASES[name].sample if name in ALIASES else OPERATIONS.get(name)
    return row is not None and row.danger is Danger.ADMINISTER and row.method == "DELETE"
