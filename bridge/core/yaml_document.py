"""YAML text → plain data, and where each part of it stands, so that an error can point at its line.

YAML 1.2: `on`, `off`, `yes` and `no` are words, not booleans.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bridge.core.known_keys import meant
from bridge.core.model import Json
from bridge.errors import BadInput, Problem

Place = tuple[str | int, ...]

# Aliases can make a small file expand without end; no honest file of ours is near this.
_MOST_NODES = 50_000
_DEEPEST = 40
_LONGEST = 1_000_000

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# problems travel to logs and chat rooms: a line that may hold a secret is not quoted there
_SECRET = re.compile(r"passw|passphrase|secret|token|psk|community", re.IGNORECASE)
_WIDEST = 120
# what there is to do about a wrong shape, by pydantic's name for it
_MENDS = {
    "extra_forbidden": "no such key here; check its spelling and its indentation",
    "missing": "write it below this, or between these braces",
    "list_type": "write a list, such as [one, another]",
    "dict_type": "write keys with their values, such as {key: value}",
    "model_type": "write keys with their values, such as {key: value}",
}
# what pydantic says to programmers
_OF_PYTHON = re.compile(r" or instance of \w+")


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its data, and the line and column (from 1) of every part by its place, such as
    `("do", 0, "call")`.

    `lines`: what problems may quote of it.
    """

    name: str
    data: Json
    marks: Mapping[Place, tuple[int, int]]
    lines: Sequence[str] = ()

    def problem(self, place: Place, what: str, mend: str = "") -> Problem:
        """A problem at this place, or at the nearest place around it that is written down."""
        known = place
        while known and known not in self.marks:
            known = known[:-1]
        line, column = self.marks.get(known, (1, 1))
        named = ".".join(str(part) for part in place)
        return Problem(
            self.name, what, mend, named, line, column, excerpt(self.lines, line, column)
        )


def excerpt(lines: Sequence[str], line: int, column: int) -> str:
    """The line and a caret below its column, cut where it is long; nothing where it may hold a
    secret or is not known.
    """
    if not 0 < line <= len(lines) or not column or _SECRET.search(lines[line - 1]):
        return ""
    if len(lines[line - 1]) > _WIDEST:
        begin = max(0, column - _WIDEST // 2)
    else:
        begin = 0
    text = "".join(
        char if char.isprintable() else " " for char in lines[line - 1][begin : begin + _WIDEST]
    )
    return f"{text.rstrip()}\n{' ' * (column - 1 - begin)}^"


def read(text: str, name: str, *, quoted: bool = True) -> Document:
    """Raises BadInput for what is not YAML, has a key twice, or grows without bounds. `quoted`:
    problems show their line.
    """
    if quoted:
        lines = _BREAK.split(text)
    else:
        lines = []
    try:
        return replace(_read(text, name), lines=lines)
    except BadInput as error:
        raise BadInput(
            replace(problem, excerpt=excerpt(lines, problem.line, problem.column))
            for problem in error.problems
        ) from error


def _read(text: str, name: str) -> Document:
    if len(text) > _LONGEST:
        raise BadInput(
            [
                Problem(
                    name,
                    f"too large: {_LONGEST} characters at most",
                    "make several files of it",
                    "",
                    1,
                    1,
                )
            ]
        )
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
        walk = _Walk(yaml, name)
        if node is not None:
            data = walk.value(node, ())
        else:
            data = None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = "not YAML: " + " ".join(
            part.strip() for part in (error.context, error.problem) if part
        )
        raise BadInput(
            [Problem(name, what, "mend the indentation or quote the text", "", line, column)]
        ) from error
    except RecursionError as error:
        raise BadInput([Problem(name, "nested too deeply", "", "", 1, 1)]) from error
    except (YAMLError, ValueError, TypeError, KeyError) as error:
        line, column = _position(text, error)
        raise BadInput(
            [Problem(name, f"not YAML: {' '.join(str(error).split())}", "", "", line, column)]
        ) from error
    if walk.problems:
        raise BadInput(walk.problems)
    return Document(name, data, walk.marks)


def _position(text: str, error: Exception) -> tuple[int, int]:
    """Line and column of a character that YAML does not take."""
    if not isinstance(error, ReaderError):
        return 0, 0
    before = _BREAK.split(text[: error.position])
    return len(before), len(before[-1]) + 1


class _Walk:
    """From YAML's nodes to plain data, remembering where everything was."""

    def __init__(self, yaml: YAML, name: str) -> None:
        self.yaml = yaml
        self.name = name
        self.marks: dict[Place, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, place: Place) -> Json:
        self.marks.setdefault(place, _mark(node))
        if len(self.marks) > _MOST_NODES or len(place) > _DEEPEST:
            what = "too large or too deep once its aliases are followed"
            raise BadInput([Problem(self.name, what, "", "", *_mark(node))])
        if not isinstance(node, ScalarNode) and str(node.tag) not in _PLAIN_TAGS:
            self.problems.append(
                Problem(
                    self.name, f"there is no such tag {node.tag}", "leave it out", "", *_mark(node)
                )
            )
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: Node) -> Json:
        try:
            scalar = self.yaml.constructor.construct_object(node)
        except (ValueError, TypeError, KeyError) as error:
            what = f"not YAML: {' '.join(str(error).split())}"
            self.problems.append(Problem(self.name, what, "quote the text", "", *_mark(node)))
            return None
        # dates and other things that JSON does not have stay as they were written
        if scalar is None or isinstance(scalar, str | int | float):
            return scalar
        return node.value

    def _mapping(self, node: MappingNode, place: Place) -> Json:
        data: dict[str, Json] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                line, column = _mark(key_node)
                self.problems.append(
                    Problem(
                        self.name, "a key must be a word", "write `key: value`", "", line, column
                    )
                )
                continue
            if key_node.tag == _MERGE:
                what = "`<<` merges keys in YAML 1.1 only, and is not read"
                mend = "write the keys out, or take a whole value over: `key: *name`"
                self.problems.append(Problem(self.name, what, mend, "", *_mark(key_node)))
                continue
            key = str(self._scalar(key_node))
            here = (*place, key)
            if key in data:
                line, column = _mark(key_node)
                named = ".".join(map(str, here))
                self.problems.append(
                    Problem(
                        self.name, "this key stands here twice", "keep one", named, line, column
                    )
                )
            self.marks[here] = _mark(key_node)
            data[key] = self.value(value_node, here)
        return data


def _lowered(sentence: str) -> str:
    """`"Input should …"` → `"input should …"`, but `"URL scheme …"` stays."""
    if sentence[1:2].isupper():
        return sentence
    return sentence[:1].lower() + sentence[1:]


def _mark(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def problems_of(
    error: ValidationError, document: Document, model: type[BaseModel], place: Place = ()
) -> list[Problem]:
    """What pydantic says, in our words, each at its line. `model`: what was read there."""
    found = []
    for each in error.errors(include_url=False, include_input=False):
        where = _written(document.data, place, each["loc"])
        what = _OF_PYTHON.sub("", each["msg"].removeprefix("Value error, "))
        strange = each["type"] == "extra_forbidden"
        mend = _MENDS.get(each["type"], "")
        if strange:
            what = "unknown key"
            mend = meant(model, each["loc"]) or mend
        found.append(document.problem(where, _lowered(what), mend))
    return found


def _written(data: Json, place: Place, location: Place) -> Place:
    """Pydantic's location as it is written: without marks of a union, and without the number in a
    list of one.
    """
    for part in place:
        data = data[part]
    where = place
    for part in location:
        marked = part in ("__key__", "[key]") or (isinstance(part, str) and part.startswith("<"))
        if marked or (isinstance(part, int) and not isinstance(data, list)):
            continue
        where = (*where, part)
        data = _below(data, part)
    return where


def _below(data: Json, part: str | int) -> Json:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None
