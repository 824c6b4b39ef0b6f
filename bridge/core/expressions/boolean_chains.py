"""Chains of && and ||: what nothing can be at once, and what everything is one of."""

from collections.abc import Iterator, Sequence

from bridge.core.expressions.syntax_tree import Binary, Literal, Node, dotted
from bridge.core.expressions.type_errors import Findings


def judge(findings: Findings, tree: Node) -> None:
    """Every chain of an expression."""
    _judge_chains(findings, tree)
    _judge_bounds(findings, tree)


def _judge_chains(findings: Findings, tree: Node) -> None:
    """Nothing is two things at once; and something is always different from one of two."""
    for chain in _chains(tree):
        both = chain.sign == "&&"
        seen: dict[str, Literal] = {}
        for part in _links(chain, chain.sign):
            found = _against_literal(part, "==" if both else "!=")
            if found is None:
                continue
            said = findings.said(found[0])
            value = found[1]
            first = seen.setdefault(said, value)
            if first.value != value.value:
                if both:
                    word = "cannot be both"
                else:
                    word = "is always different from one of"
                what = f"{said} {word} {findings.said(first)} and {findings.said(value)}"
                findings.say(part, what, "write ||" if both else "write &&")


def _judge_bounds(findings: Findings, tree: Node) -> None:
    """Nothing is at the same time more than the one number and less than a smaller one."""
    for chain in _chains(tree):
        if chain.sign != "&&":
            continue
        least: dict[str, tuple[float, Node]] = {}
        most: dict[str, tuple[float, Node]] = {}
        for part in _links(chain, "&&"):
            found = _bound(part)
            if found is None:
                continue
            path, value, above = found
            if above:
                kept = least
            else:
                kept = most
            said = findings.said(path)
            closer = said not in kept or (value > kept[said][0] if above else value < kept[said][0])
            if closer:
                kept[said] = (value, part)
        for said in least.keys() & most.keys():
            (low, above_low) = least[said]
            (high, below_high) = most[said]
            if low > high:
                both = f"{findings.said(above_low)} and {findings.said(below_high)}"
                findings.say(above_low, f"{both} are never so at the same time", "write ||")


def _bound(node: Node) -> tuple[Node, float, bool] | None:
    """`x > 5` → x, 5, whether it is bounded from below."""
    if not isinstance(node, Binary) or node.sign not in ("<", "<=", ">", ">="):
        return None
    above = node.sign.startswith(">")
    if isinstance(node.right, Literal) and isinstance(node.right.value, int | float):
        return node.left, node.right.value, above
    if isinstance(node.left, Literal) and isinstance(node.left.value, int | float):
        return node.right, node.left.value, not above
    return None


def _chains(tree: Node) -> Iterator[Binary]:
    """Every outermost chain of && or of ||."""
    if isinstance(tree, Binary) and tree.sign in ("&&", "||"):
        yield tree
        parts = _links(tree, tree.sign)
    else:
        parts = tree.parts
    for part in parts:
        yield from _chains(part)


def _links(tree: Node, sign: str) -> Sequence[Node]:
    if isinstance(tree, Binary) and tree.sign == sign:
        return (*_links(tree.left, sign), *_links(tree.right, sign))
    return (tree,)


def _against_literal(node: Node, sign: str) -> tuple[Node, Literal] | None:
    """`a.b == 1` → the path and the value."""
    if not isinstance(node, Binary) or node.sign != sign:
        return None
    for path, value in ((node.left, node.right), (node.right, node.left)):
        if isinstance(value, Literal) and dotted(path):
            return path, value
    return None
