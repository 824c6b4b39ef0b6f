"""The type of every part of an expression, from the shape of the events that it meets, and what in
it can never be right.

What another system sends may be anything, and so may whatever comes of it: of that nothing is said.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import cel

from bridge.core import value_types
from bridge.core.events import schema
from bridge.core.expressions import operators
from bridge.core.expressions.boolean_chains import judge
from bridge.core.expressions.functions import ALONE, METHODS, Function
from bridge.core.expressions.syntax_tree import (
    MACROS,
    Binary,
    Call,
    Choice,
    Index,
    Items,
    Literal,
    Name,
    Node,
    Select,
    Unary,
    dotted,
)
from bridge.core.expressions.type_errors import Findings, Mistake
from bridge.core.objects.object_schemas import Schema
from bridge.core.value_types import ANY, FLAG, LIST, MAPPING, Type, leaf_of

_LISTED = "docs/rules.md lists what expressions can call"
# what is written in full where such a function takes it can be tried
_TRIED: Mapping[str, str] = {
    "matches": 'a regular expression, such as "(?i)vip"',
    "timestamp": '"2026-03-01T00:00:00Z"',
    "duration": '"1h30m"',
    "int": "a number",
    "double": "a number",
}


# what other languages call it
_OTHERWISE: Mapping[str, str] = {
    **dict.fromkeys(("len", "length", "count"), "write size(…)"),
    **dict.fromkeys(
        ("lower", "upper", "toLower", "toUpper", "lowerAscii", "upperAscii"),
        'capitals do not matter in .matches("(?i)…")',
    ),
    **dict.fromkeys(("isNull", "isEmpty"), "write == null"),
    **dict.fromkeys(("startswith", "beginsWith"), "did you mean 'startsWith'?"),
    **dict.fromkeys(("any", "some"), "write .exists(x, …)"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What an expression gives, what is wrong with it, and its source with whole numbers as
    decimals where it needs them.
    """

    type: Type
    mistakes: tuple[Mistake, ...]
    source: str


def check(source: str, tree: Node, shape: Schema, names: Collection[str] = ()) -> Checked:
    """All mistakes of an expression that meets events of this shape; `names`: the event types that
    it may meet.
    """
    findings = Findings(source)
    gives = _Types(findings, shape, frozenset(names)).of(tree)
    judge(findings, tree)
    return Checked(gives, tuple(dict.fromkeys(findings.mistakes)), findings.mended())


def untrue(source: str, tree: Node, gives: Type) -> tuple[str, str]:
    """Why an expression can be neither true nor false, and what to do; "" where it may be."""
    if not gives.known or gives.name == "flag":
        return "", ""
    what = f"a condition must be true or false, and this gives {_named(tree, gives)}"
    return what, f"compare it with something, such as {source} == …"


def _named(tree: Node, gives: Type) -> str:
    match tree:
        case Literal():
            return "always the same"
        case Call(name=name) if gives.name != "object":
            return f"what {name} gives"
        case Binary() | Unary():
            return "what is reckoned"
        case Select(name=name) if gives.name not in ("object", "list"):
            return f"its {name}"
        case _:
            return str(gives)


@dataclass(slots=True)
class _Types:
    findings: Findings
    shape: Schema
    names: frozenset[str]
    _local: dict[str, Type] = field(default_factory=dict)

    def of(self, node: Node) -> Type:
        """What a part gives."""
        match node:
            case Literal():
                return Type(node.kind)
            case Name() | Select():
                return self._path(node, ".".join(dotted(node) or ()) or self.findings.said(node))
            case Index():
                return self._index(node)
            case Items():
                return self._items(node)
            case Choice():
                return self._choice(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
        for part in node.parts:
            self.of(part)
        return MAPPING

    def _items(self, node: Items) -> Type:
        found = {self.of(item) for item in node.items}
        if len(found) == 1:
            return Type("list", of=found.pop())
        return LIST

    # --- paths ---

    def _path(self, node: Node, whole: str) -> Type:
        """`whole`: the path that it is a part of."""
        if isinstance(node, Name):
            return self._root(node, whole)
        if not isinstance(node, Select):
            return self.of(node)
        of = self._path(node.of, whole)
        if of.shape is not None:
            return self._field(node, of.shape, node.name, whole)
        if of.known and of.name not in ("mapping", "object"):
            return self._below(node, of, whole)
        return ANY

    def _below(self, node: Select, of: Type, whole: str) -> Type:
        """A field of what has none."""
        holder = self.findings.said(node.of)
        said = self.findings.said(node)
        if of.name == "null":
            what = f"{holder} is always null for such an event, and has no {node.name!r}"
            return self.findings.say(node, what, everywhere=True)
        if of.name == "view":
            return self.findings.say(node, f"{said} is looked up by its id", f"write {said}(ID)")
        if of.name == "list":
            return self.findings.say(
                node,
                f"{holder} is a list, and has no {node.name!r}",
                f"write {holder}.exists(x, …)",
            )
        return self.findings.say(
            node, f"{whole}: no {node.name!r} here; there is: nothing below it", named=True
        )

    def _root(self, node: Name, whole: str) -> Type:
        if node.name in self._local:
            return self._local[node.name]
        if node.name == "events" and "events" in self.shape:
            one = len(self.names) == 1
            if one:
                return Type("list", of=Type("object", shape=self.shape["event"]))
            return LIST
        if node.name in value_types.KINDS and node.name not in self.shape:
            return value_types.KIND
        return self._field(node, self.shape, node.name, whole)

    def _field(self, node: Node, here: Schema, name: str, whole: str) -> Type:
        if name not in here and "*" in here:
            return ANY
        if name not in here:
            near = get_close_matches(name, here, n=1)
            if near:
                hint = f"did you mean {near[0]!r}?"
            else:
                hint = f"there is: {', '.join(sorted(here)) or 'nothing below it'}"
            bare = isinstance(node, Name) and whole == name and name not in schema.NOUNS
            if bare:
                quotes = f'or is it a text, "{name}"?'
            else:
                quotes = ""
            return self.findings.say(node, f"{whole}: no {name!r} here; {hint}", quotes, named=True)
        if here is self.shape.get("event") and name == "type" and self.names:
            return Type("text", self.names)
        return leaf_of(here[name])

    def _index(self, node: Index) -> Type:
        of, by = self.of(node.of), self.of(node.by)
        said, key = self.findings.said(node.of), self.findings.said(node.by)
        if of.shape is not None and isinstance(node.by, Literal) and by.name == "text":
            return self._field(node, of.shape, str(node.by.value), f"{said}.{node.by.value}")
        if of.name == "list":
            if by.known and by.name != "whole":
                self.findings.say(
                    node, f"{said} is a list, and {key} is no whole number", f"write {said}[0]"
                )
            return of.of or ANY
        if of.known and of.name not in ("mapping", "object"):
            self.findings.say(node, f"{said} is {of}, and nothing of it can be had by [{key}]")
        return ANY

    # --- operators ---

    def _choice(self, node: Choice) -> Type:
        self._flag(node.when)
        then = self.of(node.then)
        other = self.of(node.other)
        if other.name == "null" or then == other:
            return then
        if then.name == "null":
            return other
        return ANY

    def _unary(self, node: Unary) -> Type:
        if node.sign == "!":
            return self._flag(node.of)
        of = self.of(node.of)
        if of.known and of.group != "number":
            return self.findings.say(
                node, f"{self.findings.said(node.of)} is {of}, and has no minus"
            )
        return of

    def _flag(self, node: Node) -> Type:
        """What must be true or false."""
        of = self.of(node)
        said = self.findings.said(node)
        if of.known and of.name != "flag":
            what = f"{said} is {of}, and neither true nor false"
            self.findings.say(node, what, f"compare it, such as {said} == …")
        return FLAG

    def _binary(self, node: Binary) -> Type:
        if node.sign in ("&&", "||"):
            self._flag(node.left)
            return self._flag(node.right)
        left = (node.left, self.of(node.left))
        right = (node.right, self.of(node.right))
        if node.sign in ("+", "-", "*", "/", "%"):
            return operators.reckoned(self.findings, node, left[1], right[1])
        if node.sign in ("==", "!="):
            operators.equal(self.findings, node, node.sign, left, right)
        elif node.sign == "in":
            if isinstance(node.right, Items):
                written = node.right.items
            else:
                written = ()
            operators.held(
                self.findings, node, left, right, [(item, self.of(item)) for item in written]
            )
        else:
            operators.ordered(self.findings, node, left, right)
        return FLAG

    # --- calls ---

    def _call(self, node: Call) -> Type:
        if node.target is None:
            return self._alone(node)
        of = self.of(node.target)
        said = self.findings.said(node.target)
        if of.name == "view":
            return self._looked_up(node)
        if node.name in MACROS:
            return self._macro(node, of, said)
        function = METHODS.get(node.name)
        if function is None:
            return self._unknown(
                node, f"{node.name} stands alone: {node.name}({said})" if node.name in ALONE else ""
            )
        if of.name == "length":  # of a length they count on
            function = replace(function, gives=value_types.WHOLE)
        if of.known and of.name not in function.of:
            goes = " or ".join(sorted({str(Type(name)) for name in function.of}))
            if "time" in function.of and of.name == "text":
                mend = f"write timestamp({said}).{node.name}()"
            else:
                mend = ""
            self.findings.say(node, f"{said} is {of}, and {node.name} goes with {goes}", mend)
        return self._given(node, function)

    def _alone(self, node: Call) -> Type:
        if node.name in ("has", "dyn"):
            for each in node.args:
                self.of(each)
            if node.name == "has":
                return FLAG
            return ANY
        function = ALONE.get(node.name)
        if function is None:
            if node.name in {*METHODS, *MACROS}:
                what = f"{node.name} is called on something: x.{node.name}(…)"
            else:
                what = ""
            return self._unknown(node, what)
        return self._given(node, function)

    def _unknown(self, node: Call, instead: str, name: str = "") -> Type:
        name = name or node.name
        known = [
            *METHODS,
            *ALONE,
            *MACROS,
            "has",
            "dyn",
            *(f"view.{kind}" for kind in schema.VIEWED),
        ]
        near = get_close_matches(name, known, n=1)
        hint = instead or _OTHERWISE.get(name, f"did you mean {near[0]!r}?" if near else "")
        what = f"there is no function {name!r}" + (f"; {hint}" if hint else "")
        return self.findings.say(node, what, _LISTED, named=True)

    def _looked_up(self, node: Call) -> Type:
        """`view.leg(12)`: one object, or null."""
        name = f"view.{node.name}"
        kinds = [self.of(each) for each in node.args]
        if node.name not in schema.VIEWED:
            return self._unknown(node, "", name)
        if len(kinds) != 1:
            self.findings.say(
                node,
                f"{name} takes the id of one, and here are {len(kinds)} values",
                f"write {name}(ID)",
            )
        elif kinds[0].known and kinds[0].group not in ("text", "number", "null"):
            self.findings.say(
                node, f"{name} takes an id, and {self.findings.said(node.args[0])} is {kinds[0]}"
            )
        return Type("object", shape=schema.VIEWED[node.name])

    def _macro(self, node: Call, of: Type, said: str) -> Type:
        if of.shape is not None:
            self.findings.say(
                node,
                f"{said} is one object and no list: there is nothing for {node.name} to go through",
            )
        elif of.known and of.name not in ("list", "mapping", "object"):
            self.findings.say(node, f"{said} is {of}, and {node.name} goes through a list")
        if node.name == "map":
            most = 3
        else:
            most = 2
        # a name, and what is asked of it
        if node.bound is None or not 2 <= len(node.args) <= most:  # noqa: PLR2004
            mend = f"write {said}.{node.name}(x, …)"
            return self.findings.say(
                node, f"{node.name} takes a name and what is asked of each", mend
            )
        before = self._local
        item = (of.of or ANY) if of.name == "list" else ANY
        self._local = {**before, node.bound: item}
        *asked, last = node.args[1:]
        for each in asked:
            self._flag(each)
        if node.name == "map":
            gives = self.of(last)
        else:
            gives = self._flag(last)
        self._local = before
        if node.name == "map":
            return Type("list", of=gives)
        if node.name == "filter":
            return of if of.name == "list" else LIST
        return FLAG

    def _given(self, node: Call, function: Function) -> Type:
        """The arguments of a call. How many `hours` takes is told of where its hours are."""
        kinds = [self.of(each) for each in node.args]
        if len(kinds) != len(function.takes):
            if node.name != "hours":
                self._miscounted(node, len(function.takes))
            return function.gives
        for each, kind, takes in zip(node.args, kinds, function.takes, strict=True):
            if kind.known and takes and kind.name not in takes:
                goes = " or ".join(sorted({str(Type(name)) for name in takes}))
                self.findings.say(
                    node, f"{node.name} takes {goes}, and {self.findings.said(each)} is {kind}"
                )
            elif node.name in _TRIED and isinstance(each, Literal):
                self._tried(node, self.findings.said(each))
        return function.gives

    def _miscounted(self, node: Call, wanted: int) -> None:
        takes = {0: "no value", 1: "one value"}.get(wanted, f"{wanted} values")
        in_zone = (
            'it is in UTC; for the clocks of a zone: hours(event.time, "mon-sun", "08:00", "17:00",'
            " ZONE)"
        )
        if node.name.startswith("get") and node.args:
            mend = in_zone
        else:
            mend = ""
        self.findings.say(node, f"{node.name} takes {takes}, and here are {len(node.args)}", mend)

    def _tried(self, node: Call, written: str) -> None:
        """What is written as it stands can be tried."""
        if node.name == "matches":
            source = f'"".matches({written})'
        else:
            source = f"{node.name}({written})"
        try:
            cel.compile(source).execute({})
        except Exception:  # noqa: BLE001  the evaluator raises many types
            self.findings.say(
                node, f"{node.name} cannot read {written}", f"write {_TRIED[node.name]}"
            )
