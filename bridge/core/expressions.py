"""The one expression language: CEL, bare in `if`, inside `${…}` in strings.

Every dotted path of an expression is checked against the shape of the events it will meet, so a misspelt field is found
when the rule is loaded and not at three in the morning.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import cel

from bridge.core import inference, syntax
from bridge.core.bodies import Schema
from bridge.core.inference import Checked
from bridge.core.model import Json
from bridge.core.syntax import Call, Literal, Name, Node, SyntaxUnknown

Path = tuple[str, ...]

_LONGEST = 4_000  # the compiler has limits of its own, and breaks at them without a word


class ConditionError(Exception):
    """An expression that could not be evaluated on these facts; the message is for a person."""


class Scene:
    """What expressions see: values by root name, each turned into the evaluator's own when an expression first names it.

    `functions` of our own by name, such as `hours`; `on_view` gives what can be called on `view`, such as
    `view.aggregator(3)`: it is asked when `view` is first named.
    """

    def __init__(
        self,
        roots: Mapping[str, Json],
        functions: Mapping[str, Callable[..., Json]] | None = None,
        on_view: Callable[[], Mapping[str, Callable[[Json, Json], Json]]] = dict,
    ) -> None:
        self.roots, self._on_view = roots, on_view
        self._context = cel.Context()
        self._bound: set[str] = set()
        for called, function in (functions or {}).items():
            self._context.add_function(called, function)

    def bound(self, names: frozenset[str]) -> cel.Context:
        """A context that has these roots. Raises ConditionError."""
        for name in names - self._bound:
            self._bound.add(name)
            try:
                if name in self.roots:
                    self._context.add_variable(name, self.roots[name])
            except Exception as error:  # the evaluator raises many types, all of them about these facts
                raise ConditionError(f"{name} cannot be read: {error}") from error
            if name == "view":
                for called, function in self._on_view().items():
                    self._context.add_function(called, function)
        return self._context


Facts = Mapping[str, Json] | Scene
Bound = dict[str, Json] | cel.Context


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, the dotted paths it reads, the roots they begin with, the functions it calls (`view.leg`).

    `compiled`: what runs, where that is not just what is written: see `fitted`.
    """

    source: str
    tree: Node
    paths: tuple[Path, ...]
    program: cel.Program
    roots: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()
    compiled: str = ""

    def check(self, shape: Schema, names: Iterable[str] = ()) -> Checked:
        """All mistakes of it that show without an event; `names`: the event types that it may meet."""
        return inference.check(self.source, self.tree, shape, tuple(names))

    def fitted(self, source: str) -> "Expression":
        """The same, running from a source in which whole numbers are decimals where they stand beside some."""
        return self if source == self.source else replace(self, program=cel.compile(source), compiled=source)

    def evaluate(self, facts: Facts) -> Json:
        """Its value on these facts. Raises ConditionError."""
        seen = facts.bound(self.roots) if isinstance(facts, Scene) else dict(facts)
        try:
            return self.program.execute(seen)
        except KeyError as error:
            msg = f"{self.source}: there is no {error} here"
            raise ConditionError(msg) from error
        except Exception as error:  # the evaluator raises many types, all of them about this expression on these facts
            raise ConditionError(f"{self.source}: {_null(self.source, self.tree, seen) or error}") from error

    def holds(self, facts: Facts) -> bool:
        """Whether it is true. Anything but a boolean is an error, never a guess. Raises ConditionError."""
        value = self.evaluate(facts)
        if not isinstance(value, bool):
            msg = f"{self.source}: gave {value!r}, a condition must give true or false"
            raise ConditionError(msg)
        return value


def _null(source: str, tree: Node, seen: Bound) -> str:
    """What is null where something is asked of it; "" where that is not why the expression fails."""
    failing: Node | None = tree
    node = tree
    while failing is not None:
        node = failing
        failing = next((part for part in _apart(node) if isinstance(_value(source, part, seen), Exception)), None)
    found = (source[part.start : part.end] for part in _apart(node) if _value(source, part, seen) is None)
    what = next(found, "")
    return f"{what} is null here, ask that first: {what} != null && …" if what else ""


def _apart(node: Node) -> Iterator[Node]:
    """The parts that have a value of their own: not what a macro binds, nor null as it is written."""
    bound = isinstance(node, Call) and node.bound is not None
    parts = node.parts[:1] if bound else node.parts
    return (part for part in parts if not isinstance(part, Literal))


def _value(source: str, node: Node, seen: Bound) -> object:
    try:
        return cel.compile(source[node.start : node.end]).execute(seen)
    except Exception as error:  # noqa: BLE001  as above
        return error


def compile_expression(source: str) -> Expression:
    """Raises ValueError, in one line, for what is not CEL."""
    if len(source) > _LONGEST:
        raise ValueError(f"an expression of {len(source)} characters: {_LONGEST} at most")
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ValueError(_in_one_line(source, str(error))) from error
    try:
        tree = syntax.parse(source)
    except SyntaxUnknown as error:
        raise ValueError(f"not an expression: {source!r}, at {error}") from error
    paths = tuple(dict.fromkeys(_paths(tree)))
    return Expression(
        source,
        tree,
        paths,
        program,
        frozenset(path[0] for path in paths),
        tuple(dict.fromkeys(_called(tree))),
    )


def _in_one_line(source: str, error: str) -> str:
    found = re.search(r"<input>:\d+:(\d+): Syntax error: (.*?)(?: expecting|\n|$)", error)
    return f"not an expression: {source!r}" + (f", at character {found[1]}: {found[2]}" if found else "")


def _called(tree: Node) -> Iterator[str]:
    """The functions it calls; those called on `view` with it."""
    for node, _ in syntax.walk(tree):
        if isinstance(node, Call):
            on_view = isinstance(node.target, Name) and node.target.name == "view"
            yield f"view.{node.name}" if on_view else node.name


def _paths(tree: Node, bound: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Dotted paths from a root name; what a macro such as `all(x, …)` binds is local."""
    path = syntax.dotted(tree)
    if path is not None:
        if path[0] not in bound:
            yield path
        return
    local = tree.bound if isinstance(tree, Call) else None
    for part in tree.parts:
        if local is None or (isinstance(tree, Call) and part is tree.target):
            yield from _paths(part, bound)
        else:
            yield from _paths(part, bound | {local})
