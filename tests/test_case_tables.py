"""Tables of cases: every case is tried, and each that fails is told."""

import re
from collections.abc import Callable

import pytest

from tests.case_tables import all_cases


@pytest.fixture
def tried() -> list[str]:
    """What was tried."""
    return []


@all_cases(("left", "right"), [(1, 1), (2, 3), (4, 4)])
@all_cases("more", [0, 1])
def _equal(tried: list[str], left: int, right: int, more: int) -> None:
    tried.append(f"{left}{right}{more}")
    assert left + more == right


def test_all_that_fail_are_told(tried: list[str]) -> None:
    """One that fails hides no other, and tables can stand above each other."""
    with pytest.raises(AssertionError, match=re.compile("^3 of 3 failed:.*2-3.*4-4", re.DOTALL)):
        _equal(tried=tried)
    assert tried == ["110", "111", "230", "231", "440", "441"]


@pytest.fixture
def begun(tried: list[str]) -> Callable[[], None]:
    """What comes before each case."""
    return lambda: tried.append("begun")


@all_cases("number", [1, 2, 3], before="begun")
def test_what_comes_before_comes_before_each(tried: list[str], number: int) -> None:
    """The fixture is called each time, and is no argument of the test."""
    assert tried == ["begun"] * number


@pytest.mark.parametrize("case", [ValueError("a value"), pytest.fail.Exception("said so")])
def test_any_failure_counts(case: BaseException) -> None:
    """An error as much as an assertion, and what `pytest.fail` says."""

    @all_cases("number", [1])
    def fails(number: int) -> None:
        del number
        raise case

    with pytest.raises(AssertionError, match="1 of 1 failed"):
        fails()


def test_an_empty_table_proves_nothing() -> None:
    """A table that has lost its rows fails."""
    with pytest.raises(AssertionError, match="no case"):
        all_cases("number", [])(print)()
