"""An expression as a tree: its kinds of parts, each with where it stands in the source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: from `start` to `end` of its source."""

    start: int
    end: int

    @property
    def parts(self) -> Sequence["Node"]:
        """The parts it is made of, in order."""
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value as it is written; `kind`: text, bytes, whole, decimal, flag, null."""

    value: object
    kind: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A root, or what a macro has bound."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`of.name`."""

    of: Node
    name: str

    @property
    def parts(self) -> Sequence[Node]:
        """What it is selected of."""
        return (self.of,)


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`of[by]`."""

    of: Node
    by: Node

    @property
    def parts(self) -> Sequence[Node]:
        """What is looked into, and where."""
        return (self.of, self.by)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)`, or `target.name(args)`."""

    name: str
    target: Node | None
    args: tuple[Node, ...]

    @property
    def parts(self) -> Sequence[Node]:
        """What it is called on, and with."""
        return (*([self.target] if self.target else []), *self.args)

    @property
    def bound(self) -> str | None:
        """The name that a macro such as `all(x, …)` binds in the arguments after it."""
        if self.args:
            first = self.args[0]
        else:
            first = None
        macro = self.target is not None and self.name in MACROS and len(self.args) > 1
        if macro and isinstance(first, Name):
            return first.name
        return None


@dataclass(frozen=True, slots=True)
class Items(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]

    @property
    def parts(self) -> Sequence[Node]:
        """Its items."""
        return self.items


@dataclass(frozen=True, slots=True)
class Pairs(Node):
    """`{a: b}`."""

    pairs: tuple[tuple[Node, Node], ...]

    @property
    def parts(self) -> Sequence[Node]:
        """Its keys, each with its value."""
        return tuple(each for pair in self.pairs for each in pair)


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`!of`, `-of`."""

    sign: str
    of: Node

    @property
    def parts(self) -> Sequence[Node]:
        """What it is of."""
        return (self.of,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left sign right`."""

    sign: str
    left: Node
    right: Node

    @property
    def parts(self) -> Sequence[Node]:
        """Both sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`when ? then : other`."""

    when: Node
    then: Node
    other: Node

    @property
    def parts(self) -> Sequence[Node]:
        """The question and both answers."""
        return (self.when, self.then, self.other)


def walk(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[tuple[Node, frozenset[str]]]:
    """Every part of a tree, the whole first, each with the names that macros around it have
    bound.
    """
    yield node, bound
    if isinstance(node, Call):
        local = node.bound
    else:
        local = None
    for part in node.parts:
        if local is not None and isinstance(node, Call) and part is node.args[0]:
            continue  # it is bound here, and names nothing
        if local is None or (isinstance(node, Call) and part is node.target):
            inside = bound
        else:
            inside = bound | {local}
        yield from walk(part, inside)


def dotted(node: Node) -> tuple[str, ...] | None:
    """`a.b.c` → `("a", "b", "c")`; None for what is no path from a name."""
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Select):
        above = dotted(node.of)
    else:
        above = None
    if above is not None and isinstance(node, Select):
        return (*above, node.name)
    return None
