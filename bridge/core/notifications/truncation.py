"""As much of a message as a service takes in one: cut at a line, never within one, with how many
more there are.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from bridge.core.notifications.message import Line, Look, Message, Part

# a line may be so much of the whole, and so long at least
_SHARE = 3
_LINE = 80


def fitting(
    message: Message, write: Callable[[Sequence[Line]], str], size: Callable[[str], int], most: int
) -> str:
    """What is written, at most so long. Of the foot, what is needed stays even where it is too long
    by itself.
    """
    lines = [_narrow(line, max(_LINE, most // _SHARE)) for line in message.lines]
    for foot in _feet(message.foot):

        def less(out: int, foot: Sequence[Line] = foot) -> str:
            kept = len(lines) - out
            return write([*lines[:kept], *_more(message.left + out, message.rest), *foot])

        if size(less(0)) <= most:
            return less(0)
        out = bisect_left(range(len(lines) + 1), 1, key=lambda out: size(less(out)) <= most)
        if out <= len(lines):
            return less(out)
    return write([line for line in message.foot if line.needed] or lines[:1])


def _feet(foot: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The whole foot, and ever less of it: its first link is kept the longest, then other links,
    then words.
    """
    ranked = sorted(range(len(foot)), key=lambda n: not any(part.to for part in foot[n].parts))
    for keep in product((True, False), repeat=len(foot)):
        kept = {n for n, stays in zip(ranked, keep, strict=True) if stays or foot[n].needed}
        yield [line for n, line in enumerate(foot) if n in kept]


def _more(left: int, rest: str) -> list[Line]:
    if not left:
        return []
    return [Line((Part(f"… and {left} more: {rest}" if rest else f"… and {left} more"),))]


def _narrow(line: Line, most: int) -> Line:
    return replace(line, parts=tuple(_short(part, most) for part in line.parts))


def _short(part: Part, most: int) -> Part:
    if part.look is Look.CODE or part.to or len(part.text) <= most:
        return part
    return replace(part, text=part.text[: most - 1] + "…")
