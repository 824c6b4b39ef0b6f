"""The one expression language: CEL, bare in `if`, inside `${…}` in strings.

Every dotted path of an expression is checked against the shape of the events it will meet, so a misspelt field is found
when the rule is loaded and not at three in the morning.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import cel

from bridge.core import schema
from bridge.core.bodies import Schema
from bridge.core.model import Json

Path = tuple[str, ...]
# by name, or prepared once for many expressions
Facts = Mapping[str, Json] | cel.Context

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


class ConditionError(Exception):
    """An expression that could not be evaluated on these facts; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and the dotted paths it reads."""

    source: str
    paths: tuple[Path, ...]
    program: cel.Program

    def evaluate(self, facts: Facts) -> Json:
        """Its value on these facts. Raises ConditionError."""
        try:
            return self.program.execute(facts if isinstance(facts, cel.Context) else dict(facts))
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


def prepared(facts: Mapping[str, Json]) -> Facts:
    """Facts that many expressions will read: turned into the evaluator's own values once. Raises ConditionError."""
    try:
        return cel.Context(variables=dict(facts))
    except Exception as error:  # as above: many types, all about these facts
        raise ConditionError(f"these facts cannot be read: {error}") from error


def compile_expression(source: str) -> Expression:
    """Raises ValueError, in one line, for what is not CEL."""
    if len(source) > _LONGEST:
        raise ValueError(f"an expression of {len(source)} characters: {_LONGEST} at most")
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ValueError(_in_one_line(source, str(error))) from error
    return Expression(source, tuple(dict.fromkeys(_paths(source))), program)


def unknown_paths(expression: Expression, shape: Schema) -> Iterator[str]:
    """One sentence for each path that events of this shape do not have, with the nearest one that they do."""
    for path in expression.paths:
        found = schema.missing(shape, path)
        if found:
            part, here = found
            near = get_close_matches(part, here, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(sorted(here)) or 'nothing below it'}"
            yield f"{'.'.join(path)}: no {part!r} here; {hint}"


def _in_one_line(source: str, error: str) -> str:
    found = re.search(r"<input>:\d+:(\d+): Syntax error: (.*?)(?: expecting|\n|$)", error)
    return f"not an expression: {source!r}" + (f", at character {found[1]}: {found[2]}" if found else "")


def _paths(source: str) -> Iterator[Path]:
    """Dotted paths from a root name. A name before `(` is a function; one bound by a macro such as `all(x, …)` is local."""
    tokens = [(match.lastgroup, match[0]) for match in _TOKEN.finditer(source) if match.lastgroup != "comment"]
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
