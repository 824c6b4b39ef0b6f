"""Stretches of time as people write them: 15s, 10m, 6h, 1d, 1h30m."""

import re

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_LONGEST = 3650 * _UNITS["d"]  # what can be added to any date that we meet
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def seconds(text: object) -> float:
    """`"1h30m"` → 5400.0. Raises ValueError with a mend for anything else."""
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        msg = (
            f"{text!r} is not a length of time: write a number and a unit, such as 15s, 10m, 6h"
            " or 1d"
        )
        raise ValueError(msg)
    length = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if length > _LONGEST:
        msg = f"{text[:20]!r} is too long: ten years (3650d) at most"
        raise ValueError(msg)
    return length


def spoken(length: float) -> str:
    """5400 → `"1h30m"`; below a minute, whole seconds."""
    left = round(length)
    words = ""
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, int(_UNITS[unit]))
        words += f"{count}{unit}" if count else ""
    return words or "0s"
