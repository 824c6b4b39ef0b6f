"""The one expression language: CEL, bare in `if`, inside `${…}` in strings.

Every dotted path of an expression is checked against the shape of the events it will meet, so a
misspelt field is found when the rule is loaded and not at three in the morning.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import cel

from bridge.core.expressions import cel_parser, syntax_tree, type_checker
from bridge.core.expressions.cel_parser import SyntaxUnknown
from bridge.core.expressions.cost_limit import (
    KEPT,
    LARGEST,
    MADE,
    STEP,
    Budget,
    TooLong,
    metered,
    weight,
)
from bridge.core.expressions.evaluation_errors import explained, message
from bridge.core.expressions.syntax_tree import Call, Name, Node
from bridge.core.expressions.type_checker import Checked
from bridge.core.model import Json
from bridge.core.objects.object_schemas import Schema
from bridge.core.visible_text import shortened

Path = tuple[str, ...]

# what a function of ours raises is told by the verdict; the evaluator would say it again for each
# step
logging.getLogger("cel").setLevel(logging.CRITICAL)

_LONGEST = 4_000  # the compiler has limits of its own, and breaks at them without a word


class ConditionError(Exception):
    """An expression that could not be evaluated on these facts; the message is for a person."""


class ExpressionContext:
    """What expressions see: values by root name, each turned into the evaluator's own when an
    expression first names it.

    `functions` of our own by name, such as `hours`; `on_view` gives what can be called on `view`,
    such as `view.aggregator(3)`: it is asked when `view` is first named. `budget`: what they may
    cost, all together. `failed`: what was raised where the view was looked at, which is no fault of
    an expression.
    """

    def __init__(
        self,
        roots: Mapping[str, Json],
        functions: Mapping[str, Callable[..., Json]] | None = None,
        on_view: Callable[[], Mapping[str, Callable[[Json, Json], Json]]] = dict,
        budget: Budget | None = None,
    ) -> None:
        self.roots = roots
        self._on_view = on_view
        self.budget = budget or Budget()
        self.failed: Exception | None = None
        self._context = cel.Context()
        self._bound: set[str] = set()
        for called, function in (functions or {}).items():
            self._context.add_function(called, function)

    def bound(self, names: frozenset[str]) -> None:
        """From now on these roots are there. Raises ConditionError."""
        for name in names - self._bound:
            self._bound.add(name)
            try:
                if name in self.roots:
                    self._context.add_variable(name, _small(name, self.roots[name]))
            except (
                Exception
            ) as error:  # the evaluator raises many types, all of them about these facts
                raise ConditionError(f"{name} cannot be read: {error}") from error
            if name == "view":
                for called, function in self._on_view().items():
                    self._context.add_function(called, self._noting(function))

    def run(self, program: "Program") -> Json:
        """What a program gives. Raises TooLong, and whatever the evaluator and the view raise."""
        self.failed = None
        try:
            if program.loops:
                return self._metered(program)
            return program.compiled.execute(self._context)
        except Exception as error:
            if self.failed is not None:
                raise self.failed from error
            raise

    def _metered(self, program: "Program") -> Json:
        if STEP not in self._bound:
            self._bound.add(STEP)
            for called, ask in (
                (STEP, self.budget.step),
                (KEPT, self.budget.kept),
                (MADE, self.budget.made),
            ):
                self._context.add_function(called, ask)
        self.budget.begin(program.source, program.loops)
        try:
            value = program.compiled.execute(self._context)
        except Exception as error:
            # whatever was made of that
            raise TooLong if self.budget.spent else error from error
        finally:
            self.budget.end()
        if self.budget.spent:
            raise TooLong
        return value

    def _noting(self, function: Callable[[Json, Json], Json]) -> Callable[[Json, Json], Json]:
        def look(view: Json, identifier: Json) -> Json:
            try:
                return function(view, identifier)
            except Exception as error:
                self.failed = error
                raise

        return look


def _small(name: str, value: Json) -> Json:
    """Raises ValueError for more events than can be looked at in time."""
    if name == "events" and len(value) > 1 and weight(value) > LARGEST:
        raise ValueError(f"{len(value)} events are more than an expression may look at")
    return value


@dataclass(frozen=True, slots=True)
class Program:
    """What the evaluator runs: its source, compiled; of each of its loops, those inside it."""

    source: str
    compiled: cel.Program
    loops: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, source: str) -> "Program":
        """Raises ValueError for what is no expression."""
        written, inside = metered(source)
        return cls(source, cel.compile(written), inside)


Facts = Mapping[str, Json] | ExpressionContext


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, the dotted paths it reads, the roots they begin with, the functions it
    calls (`view.leg`).

    `compiled`: what runs, where that is not just what is written: see `fitted`.
    """

    source: str
    tree: Node
    paths: tuple[Path, ...]
    program: Program
    roots: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()
    compiled: str = ""

    def check(self, shape: Schema, names: Iterable[str] = ()) -> Checked:
        """All mistakes of it that show without an event; `names`: the event types that it may
        meet.
        """
        return type_checker.check(self.source, self.tree, shape, tuple(names))

    def fitted(self, source: str) -> "Expression":
        """The same, running from a source in which whole numbers are decimals where they stand
        beside some.
        """
        if source == self.source:
            return self
        return replace(self, program=Program.of(source), compiled=source)

    def evaluate(self, facts: Facts) -> Json:
        """Its value on these facts. Raises ConditionError, and what was raised where the view was
        looked at.
        """
        context = facts if isinstance(facts, ExpressionContext) else ExpressionContext(facts)
        context.bound(self.roots)
        try:
            return context.run(self.program)
        except TooLong as error:
            raise ConditionError(message(self.source, "took too long")) from error
        # the evaluator raises many types, all of them about this expression on these facts
        except Exception as error:
            if error is context.failed:
                raise
            why = explained(error, self.source, self.tree, partial(_value, self.source, context))
            raise ConditionError(message(self.source, why)) from error

    def holds(self, facts: Facts) -> bool:
        """Whether it is true. Anything but a boolean is an error, never a guess. Raises
        ConditionError.
        """
        value = self.evaluate(facts)
        if not isinstance(value, bool):
            gave = f"gave {shortened(repr(value))}, a condition must give true or false"
            raise ConditionError(message(self.source, gave))
        return value


def _value(source: str, context: ExpressionContext, node: Node) -> object:
    try:
        return context.run(Program.of(source[node.start : node.end]))
    except Exception as error:  # noqa: BLE001  as above
        return error


def compile_expression(source: str) -> Expression:
    """Raises ValueError, in one line, for what is not CEL."""
    if len(source) > _LONGEST:
        raise ValueError(f"an expression of {len(source)} characters: {_LONGEST} at most")
    try:
        cel.compile(source)
    except ValueError as error:
        raise ValueError(_in_one_line(source, str(error))) from error
    try:
        tree = cel_parser.parse(source)
        program = Program.of(source)
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
    if found:
        where = f", at character {found[1]}: {found[2]}"
    else:
        where = ""
    hint = next(
        (f"; {mend}" for wrong, mend in _OTHERWISE if wrong.search(cel_parser.unquoted(source))), ""
    )
    return f"not an expression: {source!r}{where}{hint}"


# what other languages write, and what is meant
_OTHERWISE = tuple(
    (re.compile(wrong), mend)
    for wrong, mend in (
        (r"\$\{", "here it stands bare, without ${ }"),
        (r"\band\b", "write && for and"),
        (r"\bor\b", "write || for or"),
        (r"\bnot\b", "write ! for not"),
        (r"=~|\blike\b", "write .matches(…)"),
        (r"\bis\b", "write == for is"),
        (r"(?<![=!<>])=(?!=)", "write == to compare"),
        (r"\bin\s*\(", "write a list in [ ]"),
    )
)


def _called(tree: Node) -> Iterator[str]:
    """The functions it calls; those called on `view` with it."""
    for node, _ in syntax_tree.walk(tree):
        if isinstance(node, Call):
            on_view = isinstance(node.target, Name) and node.target.name == "view"
            yield f"view.{node.name}" if on_view else node.name


def _paths(tree: Node, bound: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Dotted paths from a root name; what a macro such as `all(x, …)` binds is local."""
    path = syntax_tree.dotted(tree)
    if path is not None:
        if path[0] not in bound:
            yield path
        return
    if isinstance(tree, Call):
        local = tree.bound
    else:
        local = None
    for part in tree.parts:
        if local is None or (isinstance(tree, Call) and part is tree.target):
            yield from _paths(part, bound)
        else:
            yield from _paths(part, bound | {local})
