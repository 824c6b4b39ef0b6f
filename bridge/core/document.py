"""YAML text → plain data, and where each part of it stands, so that an error can point at its line.

YAML 1.2: `on`, `off`, `yes` and `no` are words, not booleans.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bridge.core.model import Json
from bridge.errors import BadInput, Problem

Place = tuple[str | int, ...]

# Aliases can make a small file expand without end; no honest file of ours is near this.
_MOST_NODES = 50_000
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its data, and the line and column (from 1) of every part by its place, such as `("do", 0, "call")`."""

    name: str
    data: Json
    marks: Mapping[Place, tuple[int, int]]

    def problem(self, place: Place, what: str, mend: str = "") -> Problem:
        """A problem at this place, or at the nearest place around it that is written down."""
        known = place
        while known and known not in self.marks:
            known = known[:-1]
        line, column = self.marks.get(known, (1, 1))
        return Problem(self.name, what, mend, ".".join(str(part) for part in place), line, column)


def read(text: str, name: str) -> Document:
    """Raises BadInput for what is not YAML, has a key twice, or grows without bounds."""
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
        walk = _Walk(yaml, name)
        data = walk.value(node, ()) if node is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = "not YAML: " + " ".join(part.strip() for part in (error.context, error.problem) if part)
        raise BadInput([Problem(name, what, "mend the indentation or quote the text", "", line, column)]) from error
    except (YAMLError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput([Problem(name, f"not YAML: {' '.join(str(error).split())}")]) from error
    if walk.problems:
        raise BadInput(walk.problems)
    return Document(name, data, walk.marks)


class _Walk:
    """From YAML's nodes to plain data, remembering where everything was."""

    def __init__(self, yaml: YAML, name: str) -> None:
        self.yaml, self.name = yaml, name
        self.marks: dict[Place, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, place: Place) -> Json:
        self.marks.setdefault(place, _mark(node))
        if len(self.marks) > _MOST_NODES or len(place) > _DEEPEST:
            raise BadInput([Problem(self.name, "too large or too deep once its aliases are followed")])
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        scalar = self.yaml.constructor.construct_object(node)
        # dates and other things that JSON does not have stay as they were written
        return scalar if scalar is None or isinstance(scalar, str | int | float) else node.value

    def _mapping(self, node: MappingNode, place: Place) -> Json:
        data: dict[str, Json] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                line, column = _mark(key_node)
                self.problems.append(Problem(self.name, "a key must be a word", "write `key: value`", "", line, column))
                continue
            key = str(self.yaml.constructor.construct_object(key_node))
            here = (*place, key)
            if key in data:
                line, column = _mark(key_node)
                named = ".".join(map(str, here))
                self.problems.append(Problem(self.name, "this key stands here twice", "keep one", named, line, column))
            self.marks[here] = _mark(key_node)
            data[key] = self.value(value_node, here)
        return data


def _lowered(sentence: str) -> str:
    """`"Input should …"` → `"input should …"`, but `"URL scheme …"` stays."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _mark(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def problems_of(error: ValidationError, document: Document, place: Place = ()) -> list[Problem]:
    """The errors of pydantic in our words, each at its line."""
    found = []
    for each in error.errors(include_url=False, include_input=False):
        where: Place = (*place, *(part for part in each["loc"] if part != "[key]"))
        what = each["msg"].removeprefix("Value error, ")
        mend = "no such key here; check its spelling and its indentation" if each["type"] == "extra_forbidden" else ""
        found.append(document.problem(where, "unknown key" if mend else _lowered(what), mend))
    return found
