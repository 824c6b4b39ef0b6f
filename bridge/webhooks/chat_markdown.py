"""An answer in Markdown, for platforms that show it. What names are made of stays words: no markup,
link or mention.
"""

from collections.abc import Sequence

from bridge.core.chat.reply import Reply
from bridge.webhooks.chat_text import address, escaped, fitting

# far below what a message may have; nobody reads on
_MOST = 10_000
_TEXT = 3000
_LINE = 600
# between two characters that would mean something side by side
_NOTHING = "\u200b"
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_MARKS = frozenset("\\`*_[]()#~|!")


def written(answer: Reply, asks: str) -> str:
    """The answer in paragraphs. `asks`: how a person begins a command there, such as `/bond `."""
    parts = [escaped(answer.text, _TEXT, escape), _list(answer.lines)]
    if answer.link:
        parts.append(f"[open]({address(answer.link)})")
    if answer.event:
        parts.append(f"why: {escaped(f'{asks}why {answer.event}', _LINE, escape)}")
    return "\n\n".join(part for part in parts if part)


def escape(each: str) -> str:
    """One character as itself. After @ and : stands a nothing, so that no name is called and no
    address is one.
    """
    if each in _ENTITIES:
        return _ENTITIES[each]
    if each in "@:":
        return each + _NOTHING
    if each in _MARKS:
        return "\\" + each
    return each


def _list(lines: Sequence[str]) -> str:
    return "\n".join(fitting([f"- {escaped(line, _LINE, escape)}" for line in lines], _MOST))
