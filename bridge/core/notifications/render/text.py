"""A message as text: nothing in it means anything but itself, and links are spelled out."""

from collections.abc import Sequence

from bridge.core.notifications.mentions import unmentioned
from bridge.core.notifications.message import Line, Part


def written(lines: Sequence[Line], *, calls: bool = False) -> str:
    """Line by line; `calls`: here an @ would call somebody."""
    return "\n".join(
        ("- " if line.listed else "") + "".join(_shown(part, calls) for part in line.parts)
        for line in lines
    )


def _shown(part: Part, calls: bool) -> str:  # noqa: FBT001  ours alone
    if calls:
        words = unmentioned(part.text)
    else:
        words = part.text
    if part.to:
        return f"{words}: {part.to}"
    return words
