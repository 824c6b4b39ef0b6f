"""The one expression language: CEL, bare in `if`, inside `${…}` in strings.

Every dotted path of an expression is checked against the shape of the events it will meet, so a misspelt field is found
when the rule is loaded and not at three in the morning.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import cel

from bridge.core import schema
from bridge.core.bodies import BODIES, Schema
from bridge.core.model import Json

Path = tuple[str, ...]
Token = tuple[str | None, str]

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
      | (?P<string>[rb]*"(?:\\.|[^"\\])*"|[rb]*'(?:\\.|[^'\\])*')
      | (?P<number>\d[\w.]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<other>\S)""",
    re.VERBOSE,
)
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_LONGEST = 4_000  # the compiler has limits of its own, and breaks at them without a word
_LITERALS = frozenset({"true", "false", "null", "in"})
# what the evaluator has, and what is ours: see `scene`
_NAMES = """
    has size contains startsWith endsWith matches all exists exists_one map filter int uint double string bytes type dyn
    timestamp duration getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds
    getMilliseconds hours
"""
FUNCTIONS = frozenset(_NAMES.split())


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


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, the dotted paths it reads, the roots they begin with, the functions it calls (`view.leg`)."""

    source: str
    paths: tuple[Path, ...]
    program: cel.Program
    roots: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()

    def evaluate(self, facts: Facts) -> Json:
        """Its value on these facts. Raises ConditionError."""
        seen = facts.bound(self.roots) if isinstance(facts, Scene) else dict(facts)
        try:
            return self.program.execute(seen)
        except KeyError as error:
            msg = f"{self.source}: there is no {error} here"
            raise ConditionError(msg) from error
        except Exception as error:  # the evaluator raises many types, all of them about this expression on these facts
            raise ConditionError(f"{self.source}: {error}") from error

    def holds(self, facts: Facts) -> bool:
        """Whether it is true. Anything but a boolean is an error, never a guess. Raises ConditionError."""
        value = self.evaluate(facts)
        if not isinstance(value, bool):
            msg = f"{self.source}: gave {value!r}, a condition must give true or false"
            raise ConditionError(msg)
        return value


def compile_expression(source: str) -> Expression:
    """Raises ValueError, in one line, for what is not CEL."""
    if len(source) > _LONGEST:
        raise ValueError(f"an expression of {len(source)} characters: {_LONGEST} at most")
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ValueError(_in_one_line(source, str(error))) from error
    paths = tuple(dict.fromkeys(_paths(source)))
    return Expression(source, paths, program, frozenset(path[0] for path in paths), tuple(dict.fromkeys(_called(source))))


def unknown_functions(expression: Expression) -> Iterator[str]:
    """One sentence for each function that is not there, with the nearest one that is."""
    known = [*FUNCTIONS, *(f"view.{kind}" for kind in BODIES)]
    for name in expression.functions:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            yield f"there is no function {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def unknown_paths(expression: Expression, shape: Schema) -> Iterator[str]:
    """One sentence for each path that events of this shape do not have, with the nearest one that they do."""
    for path in expression.paths:
        found = schema.missing(shape, path)
        if found:
            part, here = found
            near = get_close_matches(part, here, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(sorted(here)) or 'nothing below it'}"
            yield f"{'.'.join(path)}: no {part!r} here; {hint}"


_COMPARED = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\s*(?:==|!=|<=|>=|<|>)\s*(?:\"|'|-?\d)")
_MEANT = ("key", "id", "name")


def objects_compared(expression: Expression, shape: Schema) -> Iterator[str]:
    """One sentence for each path to a whole object that is compared with a text or a number: that is never true."""
    for found in _COMPARED.finditer(expression.source):
        here: Schema | None = shape
        for part in found[1].split("."):
            here = here.get(part) if here and "*" not in here else None
        if here and "*" not in here:
            meant = next((name for name in _MEANT if name in here), None)
            hint = f"did you mean {found[1]}.{meant}?" if meant else f"it has: {', '.join(sorted(here))}"
            yield f"{found[1]} is an object, and never equal to a text or a number; {hint}"


def _in_one_line(source: str, error: str) -> str:
    found = re.search(r"<input>:\d+:(\d+): Syntax error: (.*?)(?: expecting|\n|$)", error)
    return f"not an expression: {source!r}" + (f", at character {found[1]}: {found[2]}" if found else "")


def tokens_of(source: str) -> list[Token]:
    """The words of an expression, each with its kind: string, number, name or other."""
    return [(match.lastgroup, match[0]) for match in _TOKEN.finditer(source) if match.lastgroup != "comment"]


def _called(source: str) -> Iterator[str]:
    """The names that stand before a `(`; those called on `view` with it."""
    words = [text if kind != "string" else '""' for kind, text in tokens_of(source)]
    kinds = [kind for kind, _ in tokens_of(source)]
    for i, word in enumerate(words[:-1]):
        if kinds[i] == "name" and words[i + 1] == "(" and word not in _LITERALS:
            on_view = words[max(i - 2, 0) : i] == ["view", "."] and (i < 3 or words[i - 3] != ".")  # noqa: PLR2004  `view`, `.`
            yield f"view.{word}" if on_view else word


def _paths(source: str) -> Iterator[Path]:
    """Dotted paths from a root name. A name before `(` is a function; one bound by a macro such as `all(x, …)` is local."""
    tokens = tokens_of(source)
    local = {
        tokens[i + 2][1]
        for i, (_, text) in enumerate(tokens[:-2])
        if text in _MACROS and i and tokens[i - 1][1] == "." and tokens[i + 1][1] == "("
    }
    i = 0
    while i < len(tokens):
        kind, text = tokens[i]
        starts = kind == "name" and text not in _LITERALS and (i == 0 or tokens[i - 1][1] != ".")
        if not starts:
            i += 1
            continue
        path, i = [text], i + 1
        while i + 1 < len(tokens) and tokens[i][1] == "." and tokens[i + 1][0] == "name":
            path.append(tokens[i + 1][1])
            i += 2
        if i < len(tokens) and tokens[i][1] == "(":
            path.pop()
        if path and path[0] not in local:
            yield tuple(path)
