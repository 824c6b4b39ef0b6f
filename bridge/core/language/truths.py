"""Conditions that can give neither true nor false, as far as that shows without values: the evaluator knows no types.

Told when the rule is read; what does not show here is told when the condition first meets an event.
"""

from collections.abc import Sequence

from bridge.core.bodies import Schema
from bridge.core.expressions import Expression, Token, tokens_of

# what may make a truth of whatever stands around it
_JUDGING = frozenset("&|=<>!?") | {"in"}
_RECKONING = frozenset("+-*/%")
_FUNCTIONS = """
    size int uint double string bytes timestamp duration map filter getFullYear getMonth getDate getDayOfMonth
    getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds
"""
_GIVE_OTHERS = frozenset(_FUNCTIONS.split())
# fields that are a text, a number or a moment in whatever object they stand
_FIELDS = "id name key state class standing type status mode note version subject server time"
_NO_TRUTHS = frozenset(_FIELDS.split())
_MEND = "compare it with something, such as {} == …"


def untrue(expression: Expression, shape: Schema) -> tuple[str, str]:
    """Why it can be neither true nor false for events of this shape, and what to do; "" where it may be."""
    outer = _outermost(tokens_of(expression.source))
    words = [text for _, text in outer]
    if not words or _JUDGING & set(words):
        return "", ""
    gives = _gives(outer, expression, shape)
    return (
        (f"a condition must be true or false, and this gives {gives}", _MEND.format(expression.source)) if gives else ("", "")
    )


def _gives(outer: Sequence[Token], expression: Expression, shape: Schema) -> str:
    words = [text for _, text in outer]
    if _RECKONING & set(words):
        return "what is reckoned"
    if len(outer) == 1 and (outer[0][0] in ("string", "number") or words == ["null"]):
        return "always the same"
    if words in (["[", "]"], ["{", "}"]):
        return "a list" if words[0] == "[" else "a mapping"
    if words[-2:] == ["(", ")"]:
        called = words[-3] if len(words) > 2 else ""  # noqa: PLR2004  name, ( and )
        return f"what {called} gives" if called in _GIVE_OTHERS else ""
    if "(" in words or "[" in words or len(expression.paths) != 1:
        return ""
    return _of_path(expression.paths[0], shape)


def _of_path(path: Sequence[str], shape: Schema) -> str:
    here: Schema | None = shape
    for part in path:
        if here is None or "*" in here or part not in here:
            return ""  # nobody knows, or it has been told
        here = here[part]
    if here and "*" not in here:
        return "an object"
    return f"its {path[-1]}" if not here and path[-1] in _NO_TRUTHS else ""


def _outermost(tokens: Sequence[Token]) -> list[Token]:
    """What stands in no brackets, with the brackets."""
    found, depth = [], 0
    for kind, text in tokens:
        depth -= kind == "other" and text in ")]}"
        if depth == 0:
            found.append((kind, text))
        depth += kind == "other" and text in "([{"
    return found
