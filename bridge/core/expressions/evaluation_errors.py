"""Why an expression could not be evaluated on an event, in our words: those of the evaluator speak
of its own types.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from bridge.core.expressions.syntax_tree import (
    Binary,
    Call,
    Choice,
    Index,
    Literal,
    Node,
    Select,
    Unary,
)
from bridge.core.visible_text import shortened

# characters of the expression in a message about it
LONGEST_SOURCE = 100
# what a part of the expression gives; an exception where that fails
Valued = Callable[[Node], object]

_LARGEST = 2**63 - 1
# how many parts of a macro have a value outside it: what it is called on
_OWN = 1
# a bool is an int as well, so it comes first
_SAID: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a decimal number",
    str: "a text",
    bytes: "bytes",
    datetime: "a moment",
    timedelta: "a length of time",
    list: "a list",
    dict: "a mapping",
}
_CONVERTED = frozenset({"a whole number", "a decimal number", "a text"})
_READS = {
    "int": "whole number",
    "uint": "whole number",
    "double": "number",
    "timestamp": "moment",
    "duration": "length of time",
}
_LOGIC = frozenset({"&&", "||"})
# how the evaluator wraps what a function raises
_WRAPPED = re.compile(r"Function '\w+' error: (.*?)(?:\. Check function arguments .*)?", re.DOTALL)


def message(source: str, why: str) -> str:
    """The beginning of the expression, and why it could not be evaluated."""
    return f"{shortened(source, LONGEST_SOURCE)}: {why}"


def explained(error: Exception, source: str, tree: Node, valued: Valued) -> str:
    """Why it failed: of the smallest part that fails, in words for a person."""
    node = _smallest_failing(tree, valued)
    values = [valued(part) for part in node.parts[: _OWN if _binds(node) else None]]
    null = next((part for part in _parts(node) if valued(part) is None), None)
    if null is not None:
        what = shortened(source[null.start : null.end], LONGEST_SOURCE)
        return f"{what} is null here, ask that first: {what} != null && …"
    if isinstance(error, KeyError):
        return f"there is no {shortened(str(error))} here"
    # of an expression that is all of the message already nothing is said twice
    where = "" if node is tree else f": {shortened(source[node.start : node.end], LONGEST_SOURCE)}"
    return f"{_reason(error, node, values)}{where}"


def _reason(error: Exception, node: Node, values: list[object]) -> str:
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(node, Call) and isinstance(error, RuntimeError | OverflowError):
        return _called(error, node, values)
    if isinstance(error, OverflowError):
        return f"more than the largest whole number, {_LARGEST}"
    if isinstance(error, IndexError):
        return "the list is not so long"
    if isinstance(error, TypeError):
        return _mistyped(node, values)
    return shortened(str(error))


def _smallest_failing(tree: Node, valued: Valued) -> Node:
    node = tree
    failing: Node | None = tree
    while failing is not None:
        node = failing
        failing = next((part for part in _parts(node) if isinstance(valued(part), Exception)), None)
    return node


def _parts(node: Node) -> Iterator[Node]:
    """The parts that have a value of their own: not what a macro binds, nor null as it is
    written.
    """
    parts = node.parts[: _OWN if _binds(node) else None]
    return (part for part in parts if not isinstance(part, Literal))


def _binds(node: Node) -> bool:
    return isinstance(node, Call) and node.bound is not None


def _kind(value: object) -> str:
    return next((said for known, said in _SAID.items() if isinstance(value, known)), "null")


def _called(error: Exception, node: Call, values: list[object]) -> str:
    wrapped = _WRAPPED.fullmatch(str(error))
    given = " and ".join(map(_kind, values)) or "nothing"
    if wrapped is None:
        return f"{node.name}() does not take {given}"
    value = shortened(repr(values[-1])) if values else "nothing"
    if node.name in _READS:
        return f"{node.name}() cannot read {value} as a {_READS[node.name]}"
    if node.name == "matches":
        return f"{value} is not a regular expression"
    return shortened(wrapped.group(1))


def _mistyped(node: Node, values: list[object]) -> str:
    kinds = [_kind(value) for value in values]
    if isinstance(node, Select | Index):
        if isinstance(values[0], list):
            return "the items of a list have numbers, from 0"
        return f"{kinds[0]} has nothing below it"
    if isinstance(node, Unary):
        wants = "true or false" if node.sign == "!" else "a number"
        return f"`{node.sign}` goes with {wants}, and not with {kinds[0]}"
    if isinstance(node, Choice) or (isinstance(node, Binary) and node.sign in _LOGIC):
        other = next((_kind(each) for each in values if not isinstance(each, bool)), "this")
        sign = "?" if isinstance(node, Choice) else node.sign
        return f"`{sign}` goes with true or false, and not with {other}"
    if isinstance(node, Binary):
        convert = ": convert one, such as with string(x), int(x) or double(x)"
        into = convert if set(kinds) <= _CONVERTED and kinds[0] != kinds[1] else ""
        return f"`{node.sign}` does not go with {kinds[0]} and {kinds[1]}{into}"
    return "values in it do not go together"
