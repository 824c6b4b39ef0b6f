"""The part of an address after the `?`: known names with values that make sense, or a 400 that says
what each takes.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NoReturn

from flask import request

from bridge.store.views.journal import MOST, Window
from bridge.web.errors import HttpProblem

_LARGEST = 2**31 - 1
_GLOB = re.compile(r"[A-Za-z0-9._*-]{1,128}")
_DIGITS = re.compile(r"[0-9]{1,10}")


def window(
    also: Mapping[str, Callable[[str], str | None]] | None = None, usual: int = 50
) -> tuple[Window, dict[str, str]]:
    """The page that is asked for, and the values of the other names; `also` gives for each a check
    that names its fault.
    """
    only("limit", "before", "after", *(also or {}))
    given = request.args
    if "before" in given and "after" in given:
        _refuse("before and after do not go together", "give one of them")
    limit = _number("limit", 1, MOST)
    asked = Window(
        usual if limit is None else limit,
        _number("before", 0, _LARGEST),
        _number("after", 0, _LARGEST),
    )
    return asked, {
        name: _checked(name, check) for name, check in (also or {}).items() if name in given
    }


def only(*known: str) -> None:
    """Refuse every name but these, and any name that is given twice."""
    for name, values in request.args.lists():
        if name not in known:
            if known:
                mend = f"there are: {', '.join(known)}"
            else:
                mend = "this address takes none"
            _refuse(f"there is no query parameter {_short(name)}", mend)
        if len(values) > 1:
            _refuse(f"{name} stands there {len(values)} times", "give it once")


def before() -> int | None:
    """Where an older page goes on, for pages that take only that."""
    only("before")
    return _number("before", 0, _LARGEST)


def one_of(words: type[StrEnum]) -> Callable[[str], str | None]:
    """A check that the value is one of these words."""
    return lambda value: None if value in list(words) else f"takes one of: {', '.join(words)}"


def glob(value: str) -> str | None:
    """Check that the value can be the type of an event, or a glob of such types."""
    if _GLOB.fullmatch(value):
        return None
    return "takes an event type or a glob, such as leg.down or leg.*"


def _checked(name: str, check: Callable[[str], str | None]) -> str:
    value = request.args[name]
    if fault := check(value):
        _refuse(f"{name}={_short(value)} is not understood", f"{name} {fault}")
    return value


def _number(name: str, least: int, most: int) -> int | None:
    value = request.args.get(name)
    if value is None:
        return None
    if not _DIGITS.fullmatch(value) or not least <= int(value) <= most:
        _refuse(
            f"{name}={_short(value)} is not understood",
            f"{name} takes a whole number from {least} to {most}",
        )
    return int(value)


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:40] + "…")  # noqa: PLR2004


def _refuse(what: str, mend: str) -> NoReturn:
    raise HttpProblem(400, what, mend)
