"""A message as Markdown, in the flavours that services show. What its words are made of stays
words, in each of them.

BACKSLASH  a backslash makes a character itself: CommonMark, and those who keep to it in this
ENTITIES   the same, but < > & are written as in HTML: Mattermost
CODED      nothing escapes a character, so words with marks are shown as code: Slack, Zulip
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import groupby
from urllib.parse import quote

from bridge.core.notifications.mentions import NOTHING, unmentioned
from bridge.core.notifications.message import Line, Look, Part, addresses


class Flavour(StrEnum):
    """How a service tells words from marks."""

    BACKSLASH = "backslash"
    ENTITIES = "entities"
    CODED = "coded"


_MARKS = re.compile(r"[\\`*_\[\]()#~|!<>$]")
# to some a character by its name, also behind a backslash
_NAMED = re.compile(r"&(?=#?\w+;)")
_COMMON = re.compile(r"[\\`*_\[\]()#~|!]")
_ENTITIES = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;"})
# an underscore within a word is one everywhere
_ODD = re.compile(r"[\\`*~|\[\]<>$#!&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# what makes a line a list, a heading, a quotation, a rule, if it begins with it
_BEGINS = re.compile(r"(?=[-+=>#:|*]|\d{1,9}[.)])")
# Markdown joins lines; two spaces keep them apart
_BREAK = "  \n"


def written(
    lines: Sequence[Line], flavour: Flavour = Flavour.BACKSLASH, *, bare: bool = False
) -> str:
    """`bare`: words only, with links spelled out, for anyone who wants text where Markdown is shown
    all the same.
    """
    blocks = []
    for listed, some in groupby(lines, key=lambda line: line.listed):
        shown = [_line(line, flavour, bare) for line in some]
        blocks.append("\n".join(f"- {each}" for each in shown) if listed else _BREAK.join(shown))
    return "\n\n".join(blocks)


def _line(line: Line, flavour: Flavour, bare: bool) -> str:  # noqa: FBT001  ours alone
    shown = _joined(
        [_bare(part, flavour) if bare else _shown(part, flavour) for part in line.parts]
    ).strip()
    if _BEGINS.match(shown) and _plain_first(line):
        return _BEGINS.sub(NOTHING, shown, count=1)
    return shown


def _joined(pieces: Sequence[str]) -> str:
    """Two backticks side by side would mean another thing than each of them."""
    return "".join(
        NOTHING + each if before[-1:] == each[:1] == "`" else each
        for before, each in zip(["", *pieces], pieces, strict=False)
    )


def _plain_first(line: Line) -> bool:
    return bool(line.parts) and line.parts[0].look is Look.PLAIN


def _shown(part: Part, flavour: Flavour) -> str:
    if part.look is Look.CODE:
        return _code(part.text)
    words = _words(part.text, flavour)
    if part.to:
        return f"[{words}]({_address(part.to)})"
    if part.look is Look.BOLD and words:
        return f"**{words}**"
    return words


def _bare(part: Part, flavour: Flavour) -> str:
    words = _words(part.text, flavour)
    if part.to:
        return f"{words}: {part.to}"
    return words


def _words(text: str, flavour: Flavour) -> str:
    if flavour is Flavour.CODED:
        return _coded(_spaced(text))
    if flavour is Flavour.ENTITIES:
        escape = _entities
    else:
        escape = _backslash
    return _but_addresses(_spaced(text), lambda words: escape(unmentioned(words)))


def _but_addresses(text: str, change: Callable[[str], str]) -> str:
    return "".join(piece if address else change(piece) for piece, address in addresses(text))


def _spaced(text: str) -> str:
    """Several spaces are one in Markdown, and at the beginning of a line they would make it
    code.
    """
    return re.sub(r"\s+", " ", text)


def _backslash(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", _NAMED.sub("&" + NOTHING, text))


def _entities(text: str) -> str:
    return _COMMON.sub(r"\\\g<0>", text.translate(_ENTITIES))


def _coded(text: str) -> str:
    """All from the first word with a mark in it to the last one as code."""
    words = text.split(" ")
    odd = [
        n
        for n, word in enumerate(words)
        if any(_ODD.search(piece) for piece, address in addresses(word) if not address)
    ]
    first, last = (odd[0], odd[-1] + 1) if odd else (len(words), len(words))
    before, between, after = (
        " ".join(some) for some in (words[:first], words[first:last], words[last:])
    )
    if first:
        parts = [_but_addresses(before, unmentioned)]
    else:
        parts = []
    if odd:
        parts.append(_code(between))
    if last < len(words):
        parts.append(_but_addresses(after, unmentioned))
    return " ".join(parts)


def _code(text: str) -> str:
    """As it is; only a backtick would end it, and not all have another way around that than another
    character.
    """
    inside = unmentioned(_spaced(text)).replace("`", "'")
    if inside.endswith(
        "\\"
        # some, Apprise for one, take a backslash there for an escape, and so the code for not
        # closed
    ):
        inside += NOTHING
    if inside.strip():
        return f"`{inside}`"
    return ""


def _address(url: str) -> str:
    """Without the characters that would end a link early."""
    return quote(url, safe=":/?#@!$&'+,;=%-._~")
