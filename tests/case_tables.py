"""Tables of cases in one test: of hundreds of rows each costs less than a test of its own would.

All that fail are told at the end, each with its row.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

_LONGEST = 80
_SHOWN = 50
Test = Callable[..., None]


def all_cases(
    names: str | Sequence[str],
    cases: Iterable[Any],
    *,
    before: str | None = None,
    ids: Callable[[Any], str] = repr,
) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, but it is one test that tries every case, whatever the others
    say.

    `before`: the fixture whose value is called before each case, where they would change what they
    share.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    rows = [(case,) if isinstance(names, str) else tuple(case) for case in cases]

    def decorated(test: Test) -> Test:
        def tries_all(**fixtures: Any) -> None:
            begin = fixtures.pop(before) if before else None
            failed = []
            for row in rows:
                given = dict(zip(wanted, row, strict=True))
                try:
                    if begin:
                        begin()
                    test(**fixtures, **given)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  told below
                    failed.append(f"{_label(row, ids)}: {type(error).__name__}: {error}")
            told = "\n".join(failed[:_SHOWN])
            assert not failed, f"{len(failed)} of {len(rows)} failed:\n{told}"
            assert rows, "there is no case"

        return _named_as(test, tries_all, wanted, [before] if before else [])

    return decorated


def _label(row: Sequence[Any], ids: Callable[[Any], str]) -> str:
    return "-".join(str(ids(each))[:_LONGEST] for each in row)


def _named_as(test: Test, tries_all: Test, given: Sequence[str], more: Sequence[str]) -> Test:
    """With the test's name and text, and asking for its fixtures."""
    asked = [*inspect.signature(test).parameters, *more]
    fixtures = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
        for name in asked
        if name not in given
    ]
    tries_all.__name__ = tries_all.__qualname__ = test.__name__
    tries_all.__module__, tries_all.__doc__ = test.__module__, test.__doc__
    tries_all.__signature__ = inspect.Signature(fixtures)  # type: ignore[attr-defined]
    tries_all.pytestmark = getattr(test, "pytestmark", [])  # type: ignore[attr-defined]
    return tries_all
