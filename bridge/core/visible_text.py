"""Text of others as it may be written to a terminal or a log: what would steer either is shown
instead, and of what would fill a page there is the beginning.
"""

import re

# what moves the cursor, colours, erases or titles a terminal, ends a line, or turns the direction
# of writing around
_STEERS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_TEXT = re.compile(f"[{_STEERS}]")
_IN_LINE = re.compile(f"[\t\n{_STEERS}]")
# characters of a value of others in a line for a person
LONGEST = 200
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def visible(text: str) -> str:
    r"""The same text with `\x1b` for an escape character and so on; lines and tabs stay."""
    return _IN_TEXT.sub(_shown, text)


def visible_line(text: str) -> str:
    r"""As `visible`, on one line: a line break is shown as `\n`."""
    return _IN_LINE.sub(_shown, text)


def shortened(text: str, most: int = LONGEST) -> str:
    """At most so many characters: `…` for what is cut off."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1]}…"


def _shown(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")  # noqa: PLR2004
