"""A message as HTML of the few tags that mail and chats have in common; what looks like a tag in
its words is escaped.
"""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from bridge.core.notifications.mentions import unmentioned
from bridge.core.notifications.message import Line, Look, Part

_TAGS = {Look.BOLD: "b", Look.CODE: "code"}


def written(lines: Sequence[Line], *, spelled: bool = False, calls: bool = False) -> str:
    """`spelled`: links show where they lead, for what becomes text again; `calls`: here an @ would
    call somebody.
    """
    blocks = []
    for listed, some in groupby(lines, key=lambda line: line.listed):
        shown = ["".join(_shown(part, spelled, calls) for part in line.parts) for line in some]
        blocks.append(
            f"<ul>{''.join(f'<li>{each}</li>' for each in shown)}</ul>"
            if listed
            else "<br>".join(shown)
        )
    return "".join(blocks)


def _shown(part: Part, spelled: bool, calls: bool) -> str:  # noqa: FBT001  ours alone
    words = escape(unmentioned(part.text) if calls else part.text, quote=False)
    if part.to:
        to = escape(part.to)
        if spelled:
            return f'{words}: <a href="{to}">{to}</a>'
        return f'<a href="{to}">{words}</a>'
    tag = (
        "kbd" if spelled and part.look is Look.CODE else _TAGS.get(part.look)
    )  # of <code> Apprise makes a line of its own
    if tag:
        return f"<{tag}>{words}</{tag}>"
    return words
