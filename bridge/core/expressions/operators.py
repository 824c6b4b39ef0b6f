"""What stands between two values: what can be equal, compared, added; and how what cannot may have
been meant.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from bridge.core import value_types
from bridge.core.expressions.syntax_tree import Binary, Literal, Node
from bridge.core.expressions.type_errors import Findings
from bridge.core.value_types import ANY, DECIMAL, Type

# a part of an expression, and what it gives
Value = tuple[Node, Type]

_ORDERED = frozenset({"number", "text", "time", "length", "bytes"})
# what a person means who names a whole object
_MEANT = ("key", "id", "name")
_BOTH_MOMENTS = frozenset({"time", "length"})
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})
_MOST_WORDS = 12
_NEAR = 0.7


def equal(findings: Findings, node: Node, sign: str, left: Value, right: Value) -> None:
    """`==`, `!=`, and each item of `in`. Whatever can be null can be equal to null."""
    kinds = (left[1], right[1])
    if any(not each.known or each.name == "null" for each in kinds):
        return
    if kinds[0].group != kinds[1].group:
        swapped = isinstance(left[0], Literal) and not isinstance(right[0], Literal)
        _unequal(findings, node, sign, *((right, left) if swapped else (left, right)))
        return
    for (path, of), (written, _) in ((left, right), (right, left)):
        if isinstance(written, Literal) and not isinstance(path, Literal):
            _spelled(findings, node, findings.said(path), of, written)
        if of.words and isinstance(written, Literal) and written.value not in of.words:
            _no_word(findings, node, sign, findings.said(path), of, str(written.value))


def _spelled(findings: Findings, node: Node, said: str, of: Type, written: Literal) -> None:
    """A text with a star, where no globs are known; a number that is never reached."""
    value = written.value
    if of.name == "text" and isinstance(value, str) and "*" in value and not of.words:
        if value.find("*") == len(value) - 1:
            mend = f'write {said}.startsWith("{value[:-1]}")'
        else:
            mend = f"write {said}.matches(…)"
        findings.say(
            node, f"{said} is compared letter by letter, and * stands for itself", mend, odd=True
        )
    if of.reach is not None and isinstance(value, int) and not of.reach[0] <= value <= of.reach[1]:
        findings.say(
            node, f"{said} is {of.reach[0]} to {of.reach[1]}, and never {value}", of.said_of
        )


def _unequal(findings: Findings, node: Node, sign: str, left: Value, right: Value) -> None:
    (path, of) = left
    (_, of_other) = right
    said = findings.said(path)
    if sign == "!=":
        never = "always different from"
    else:
        never = "never equal to"
    if of.shape and of_other.group in ("text", "number"):
        meant = next((name for name in _MEANT if name in of.shape), None)
        if meant:
            hint = f"did you mean {said}.{meant}?"
        else:
            hint = f"it has: {', '.join(sorted(of.shape))}"
        findings.say(path, f"{said} is an object, and {never} a text or a number; {hint}")
        return
    findings.say(node, f"{said} is {of} and {never} {of_other}", _meant(findings, left, right))


def _no_word(findings: Findings, node: Node, sign: str, said: str, of: Type, written: str) -> None:
    words = sorted(of.words)
    near = get_close_matches(written.lower(), words, n=1, cutoff=_NEAR)
    if len(words) > 1:
        known = f"one of {', '.join(words)}"
    else:
        known = f"always {words[0]}"
    if len(words) > _MOST_WORDS:
        known = f"one of {len(words)} words"
    if sign == "!=":
        never = "so always different from"
    else:
        never = "never"
    if near:
        mend = f"did you mean {near[0]!r}?"
    else:
        mend = ""
    # anyone who asks for something else than what is never there may do so for safety
    findings.say(
        node, f"{said} is {known}, and {never} {written!r}", mend, odd=sign == "!=" and not near
    )


def _meant(findings: Findings, left: Value, right: Value) -> str:
    """How a comparison of two kinds may have been meant."""
    (path, of) = left
    (other, of_other) = right
    said, written = findings.said(path), findings.said(other)
    if not isinstance(other, Literal) or of.name == "time":
        into = {("number", "text"): f"string({said})", ("time", "text"): f"timestamp({written})"}
        found = into.get((of.group, of_other.name), "")
        if found:
            return f"write {found}"
        return ""
    value = str(other.value).lower()
    if (
        of.group == "number"
        and other.kind == "text"
        and value.lstrip("-").replace(".", "", 1).isdigit()
    ):
        return f"write {value} without quotes"
    if of.name == "flag" and value in _YES | _NO:
        if value in _YES:
            return f"write {said}"
        return f"write !{said}"
    if of.name != "text":
        return ""
    if other.kind == "flag":
        return f"write {said} {'!=' if other.value else '=='} null"
    return f'write "{written}" in quotes'


def held(
    findings: Findings, node: Binary, left: Value, right: Value, items: Sequence[Value]
) -> None:
    """`in`; `items` of a list that is written there."""
    of = right[1]
    if of.known and of.name not in ("list", "mapping", "object"):
        holder = findings.said(node.right)
        thing = findings.said(node.left)
        if of.name == "text":
            mend = f"write {holder}.contains({thing})"
        else:
            mend = f"write {thing} in [{holder}]"
        findings.say(node, f"{holder} is {of}, and `in` goes with a list", mend)
        return
    for item, kind in items:
        equal(findings, item, "in", left, (item, kind))
        if left[1].name == "decimal" and isinstance(item, Literal) and item.kind == "whole":
            findings.replace(item, f"{item.value}.0")
    if not items and of.name == "list" and of.of is not None:
        equal(findings, node, "in", left, (node.right, of.of))


def ordered(findings: Findings, node: Binary, left: Value, right: Value) -> None:
    """`<`, `<=`, `>`, `>=`."""
    groups = (left[1].group, right[1].group)
    for (path, of), (number, _) in ((left, right), (right, left)):
        if of.reach is not None and isinstance(number, Literal) and isinstance(number.value, int):
            _reached(findings, node, findings.said(path), of, number.value, path is node.left)
    if (
        not left[1].known
        or not right[1].known
        or (groups[0] == groups[1] and groups[0] in _ORDERED)
    ):
        return
    written = isinstance(left[0], Literal) and not isinstance(right[0], Literal)
    if written or (groups[0] not in _ORDERED and groups[1] in _ORDERED):
        left, right = right, left
    said = findings.said(left[0])
    (_, of) = left
    (_, other) = right
    if other.name == "null":
        mend = f"write {said} != null"
    else:
        mend = _meant(findings, left, right)
    findings.say(
        node,
        f"{said} is {of} and cannot be compared with {other}",
        "" if groups[0] == groups[1] else mend,
    )


def _reached(findings: Findings, node: Binary, said: str, of: Type, value: int, left: bool) -> None:  # noqa: FBT001
    """Whether a bound leaves anything of what a number can be."""
    least, most = of.reach or (value, value)
    above = node.sign.startswith(">") == left
    if above:
        limit = most
    else:
        limit = least
    strict = len(node.sign) == 1
    beyond = (
        value >= limit
        if strict and above
        else value > limit
        if above
        else value <= limit
        if strict
        else value < limit
    )
    if beyond:
        findings.say(
            node, f"{said} is {least} to {most}, so {findings.said(node)} is never so", of.said_of
        )


def reckoned(findings: Findings, node: Binary, left: Type, right: Type) -> Type:
    """`+`, `-`, `*`, `/`, `%`."""
    if not left.known or not right.known:
        return ANY
    if left.group == right.group == "number":
        return _numbers(findings, node, left, right)
    same = left.name == right.name
    if node.sign == "+" and same and left.name in ("text", "list", "bytes", "length"):
        if left == right:
            return left
        return Type(left.name)
    if node.sign in ("+", "-") and {left.name, right.name} == _BOTH_MOMENTS:
        return value_types.TIME
    if node.sign == "-" and same and left.name in ("time", "length"):
        return value_types.LENGTH
    if left.name == "text":
        one = node.right
    else:
        one = node.left
    if node.sign == "+" and "text" in (left.name, right.name):
        mend = f"write string({findings.said(one)})"
    else:
        mend = ""
    return findings.say(
        node,
        f"{findings.said(node.left)} is {left}, and {node.sign} does not go with {right}",
        mend,
    )


def _numbers(findings: Findings, node: Binary, left: Type, right: Type) -> Type:
    """Whole numbers and others do not mix for the evaluator: what is whole becomes a decimal, as
    everybody expects.
    """
    if node.sign in ("/", "%") and isinstance(node.right, Literal) and node.right.value == 0:
        return findings.say(node, f"{findings.said(node)} divides by zero")
    if left.name == right.name == "whole":
        return value_types.WHOLE
    if node.sign == "%":
        return findings.say(
            node, f"{findings.said(node)}: % goes with whole numbers only", "write int(…) % …"
        )
    for part, of in ((node.left, left), (node.right, right)):
        if of.name == "whole" and isinstance(part, Literal):
            findings.replace(part, f"{part.value}.0")
        elif of.name == "whole":
            findings.replace(part, f"double({findings.said(part)})")
    return DECIMAL
