"""Words on their way into a chat room: short enough, and each on its own line whatever it is made
of.
"""

from collections.abc import Callable, Sequence
from urllib.parse import quote

_MORE = "… and {} more"


def one_line(words: str) -> str:
    """Without line breaks and what else does not print, such as marks that turn the direction of
    writing around.
    """
    return "".join(each if each.isprintable() else " " for each in words)


def cut(words: str, most: int) -> str:
    """At most so many characters, with a sign where some are left out."""
    if len(words) <= most:
        return words
    return words[: most - 1] + "…"


def escaped(words: str, most: int, escape: Callable[[str], str]) -> str:
    """One line of at most so many characters after escaping; an escape is never cut in two."""
    kept: list[str] = []
    length = 0
    whole = cut(one_line(words), most)
    for each in whole:
        piece = escape(each)
        length += len(piece)
        if length > most - 1:
            return "".join(kept) + "…"
        kept.append(piece)
    return "".join(kept)


def fitting(lines: Sequence[str], most: int) -> tuple[str, ...]:
    """As many lines as fit into so many characters with their breaks; the last says how many more
    there are.
    """
    room = most - len(_MORE.format(len(lines))) - 1
    length = 0
    for number, line in enumerate(lines):
        length += len(line) + 1
        if length > room:
            return (*lines[:number], _MORE.format(len(lines) - number))
    return tuple(lines)


def address(url: str) -> str:
    """An address of ours without the characters that would end a link early."""
    return quote(url, safe=":/?#[]@!$&'*+,;=%~")
