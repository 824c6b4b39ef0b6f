"""`size(events)` where there is only one: each event of a rule is judged by itself, before it is
gathered with others.
"""

from collections.abc import Callable, Iterator, Mapping

from bridge.core.expressions.evaluator import Expression
from bridge.core.expressions.syntax_tree import Binary, Call, Literal, Name, Node, walk
from bridge.core.rules.parse_context import ParseContext
from bridge.core.rules.rule import Guard, Step

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_GATHERED = (
    "to count write `when: {count: …}`; with `group`, `if` of a step and `when` of an approval see"
    " all of them"
)


def check_single(
    reading: ParseContext,
    condition: Expression | None,
    steps: tuple[Step, ...],
    guard: Guard,
    *,
    grouped: bool,
) -> None:
    """Says where the condition asks for more events than it can see; notes it where only a part of
    the rule does.
    """
    if condition is not None:
        for said, holds in _compared(condition):
            if holds:
                say = reading.note
            else:
                say = reading.say
            say(("if",), f"{said} is {_word(holds)} so: there is one event here", _GATHERED)
    if grouped:
        return
    for number, step in enumerate(steps):
        _note(reading, step.condition, "do", number, "if")
    _note(
        reading, guard.approval.condition if guard.approval else None, "guard", "approval", "when"
    )


def _note(reading: ParseContext, expression: Expression | None, *place: str | int) -> None:
    for said, holds in _compared(expression) if expression is not None else ():
        reading.note(place, f"{said} is {_word(holds)} so: there is one event here", _GATHERED)


def _word(holds: bool) -> str:  # noqa: FBT001
    if holds:
        return "always"
    return "never"


def _compared(expression: Expression) -> Iterator[tuple[str, bool]]:
    """Each comparison of how many events there are with a number, and whether it holds for one."""
    for node, _ in walk(expression.tree):
        if not isinstance(node, Binary) or node.sign not in _COMPARE:
            continue
        said = expression.source[node.start : node.end]
        match (node.left, node.right):
            case (left, Literal(value=int(number))) if _counts(left):
                yield said, _COMPARE[node.sign](1, number)
            case (Literal(value=int(number)), right) if _counts(right):
                yield said, _COMPARE[node.sign](number, 1)


def _counts(node: Node) -> bool:
    """`size(events)`, `events.size()`."""
    if not isinstance(node, Call) or node.name != "size":
        return False
    of = node.target or (node.args[0] if node.args else None)
    return isinstance(of, Name) and of.name == "events"
