"""The syntax of CEL: an expression as a tree, each part with where it stands.

The evaluator compiles and runs expressions, and tells nothing of how they are built; what is
checked of them before an event comes is checked on this tree. Source: the grammar of the language
definition (github.com/google/cel-spec).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from bridge.core.expressions.syntax_tree import (
    Binary,
    Call,
    Choice,
    Index,
    Items,
    Literal,
    Name,
    Node,
    Pairs,
    Select,
    Unary,
)

_TOKEN = re.compile(
    r'''(?P<space>\s+|//[^\n]*)
      | (?P<string>[rRbB]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'
          |"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
      | (?P<number>0[xX][0-9a-fA-F]+[uU]?|\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])''',
    re.VERBOSE | re.DOTALL,
)
_BINARY = {"||": 1, "&&": 2, **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3)}
_BINARY |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_Each = TypeVar("_Each")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class SyntaxUnknown(ValueError):
    """Nothing that this parser reads; the compiler of the evaluator says whether it is an
    expression.
    """


def unquoted(source: str) -> str:
    """The source without what stands in quotes, of something that may be no expression."""
    return re.sub(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", '""', source)


def parse(source: str) -> Node:
    """The tree of an expression. Raises SyntaxUnknown."""
    try:
        return _Parser(source).whole()
    except RecursionError:
        raise SyntaxUnknown("nested too deeply") from None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(source: str) -> Iterator[_Token]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise SyntaxUnknown(f"character {at + 1}: {source[at]!r}")
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0], at, found.end())
        at = found.end()
    yield _Token("end", "", at, at)


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0

    def whole(self) -> Node:
        node = self._choice()
        if self._now.kind != "end":
            raise SyntaxUnknown(f"character {self._now.start + 1}: {self._now.text!r}")
        return node

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._now
        self._at += 1
        return token

    def _is(self, *signs: str) -> bool:
        return self._now.kind == "sign" and self._now.text in signs

    def _want(self, sign: str) -> _Token:
        if not self._is(sign):
            raise SyntaxUnknown(f"character {self._now.start + 1}: {sign!r} expected")
        return self._next()

    def _choice(self) -> Node:
        when = self._binary(1)
        if not self._is("?"):
            return when
        self._next()
        then = self._binary(1)
        self._want(":")
        other = self._choice()
        return Choice(when.start, other.end, when, then, other)

    def _binary(self, least: int) -> Node:
        left = self._unary()
        while (rank := self._rank()) >= least:
            sign = self._next().text
            right = self._binary(rank + 1)
            left = Binary(left.start, right.end, sign, left, right)
        return left

    def _rank(self) -> int:
        infix = self._now.kind == "sign" or self._now.text == "in"
        if infix and self._now.kind != "string":
            return _BINARY.get(self._now.text, 0)
        return 0

    def _unary(self) -> Node:
        if not self._is("!", "-"):
            return self._member()
        sign = self._next()
        of = self._unary()
        return Unary(sign.start, of.end, sign.text, of)

    def _member(self) -> Node:
        node = self._primary()
        while self._is(".", "["):
            if self._next().text == "[":
                by = self._choice()
                node = Index(node.start, self._want("]").end, node, by)
                continue
            name = self._next()
            if name.kind != "name":
                raise SyntaxUnknown(f"character {name.start + 1}: a name expected")
            if self._is("("):
                args, end = self._list(")")
                node = Call(node.start, end, name.text, node, args)
            else:
                node = Select(node.start, name.end, node, name.text)
        return node

    def _primary(self) -> Node:
        token = self._next()
        if token.text == "." and self._now.kind == "name":
            # an absolute name: the evaluator takes it, and knows none
            token = replace(
                self._next(), text=f".{self._tokens[self._at - 1].text}", start=token.start
            )
        if token.kind in ("string", "number"):
            return _literal(token)
        if token.kind == "name" and token.text in _WORDS:
            return Literal(
                token.start,
                token.end,
                _WORDS[token.text],
                "null" if token.text == "null" else "flag",
            )
        if token.kind == "name" and self._is("("):
            args, end = self._list(")")
            return Call(token.start, end, token.text, None, args)
        if token.kind == "name":
            return Name(token.start, token.end, token.text)
        return self._bracketed(token)

    def _bracketed(self, token: _Token) -> Node:
        if token.text == "(":
            inner = self._choice()
            return replace(inner, start=token.start, end=self._want(")").end)
        self._at -= 1
        if token.text == "[":
            items, end = self._list("]")
            return Items(token.start, end, items)
        if token.text == "{":
            pairs, end = self._listed("}", self._pair)
            return Pairs(token.start, end, pairs)
        raise SyntaxUnknown(f"character {token.start + 1}: {token.text!r}")

    def _pair(self) -> tuple[Node, Node]:
        key = self._choice()
        self._want(":")
        return key, self._choice()

    def _list(self, closing: str) -> tuple[tuple[Node, ...], int]:
        return self._listed(closing, self._choice)

    def _listed(self, closing: str, read: Callable[[], _Each]) -> tuple[tuple[_Each, ...], int]:
        """From an opening bracket to its end; a comma may stand behind the last."""
        self._next()
        found: list[_Each] = []
        while not self._is(closing):
            found.append(read())
            if not self._is(","):
                break
            self._next()
        return tuple(found), self._want(closing).end


def _literal(token: _Token) -> Literal:
    text = token.text
    if token.kind == "string":
        prefix = text[: min(text.index(quote) for quote in "\"'" if quote in text)].lower()
        body = text[len(prefix) :]
        if body[:3] in ('"""', "'''"):
            quotes = 3
        else:
            quotes = 1
        inner = body[quotes:-quotes]
        if "r" in prefix:
            plain = inner
        else:
            plain = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)
        return Literal(token.start, token.end, plain, "bytes" if "b" in prefix else "text")
    if re.fullmatch(r"0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?", text):
        return Literal(
            token.start,
            token.end,
            int(text.rstrip("uU"), 0 if text[:2].lower() == "0x" else 10),
            "whole",
        )
    return Literal(token.start, token.end, float(text), "decimal")
