"""Text and values with `${expression}` in them. A name nobody knows is an error, never an empty
string.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bridge.core.canonical_json import canonical
from bridge.core.expressions.evaluation_errors import message
from bridge.core.expressions.evaluator import ConditionError, Expression, Facts, compile_expression
from bridge.core.json_safety import plain
from bridge.core.model import Json
from bridge.core.time_format import minute
from bridge.core.visible_text import shortened


@dataclass(frozen=True, slots=True)
class Template:
    """Literal parts and expressions in turn. One expression alone keeps the type of its value."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> Iterator[Expression]:
        """The expressions in it."""
        return (part for part in self.parts if isinstance(part, Expression))

    def fitted(self, fit: Callable[[Expression], Expression]) -> "Template":
        """The same, with what becomes of each expression in it."""
        return Template(
            tuple(fit(part) if isinstance(part, Expression) else part for part in self.parts)
        )

    @property
    def worded(self) -> bool:
        """Whether it is a text with expressions in it, and not one expression alone."""
        return len(self.parts) > 1 or isinstance(self.parts[0], str)

    def render(self, facts: Facts) -> Json:
        """`"${bond.id}"` → 3; `"bond ${bond.id}"` → `"bond 3"`. Raises ConditionError."""
        first = self.parts[0]
        if self.worded or isinstance(first, str):
            return self.text(facts)
        return _kept(first, facts)

    def told(self, facts: Facts) -> str:
        """The same, as text for people: `"since ${event.time}"` → `"since 2026-03-01 02:00 UTC"`.
        Raises ConditionError.
        """
        return "".join(
            part if isinstance(part, str) else minute(_text(_kept(part, facts)))
            for part in self.parts
        )

    def text(self, facts: Facts) -> str:
        """The same, as text whatever it is: `"${bond.id}"` → `"3"`. Raises ConditionError."""
        return "".join(
            part if isinstance(part, str) else _text(_kept(part, facts)) for part in self.parts
        )


def parse(text: str) -> Template:
    """Raises ValueError for a `${` that does not close or holds no CEL."""
    parts: list[str | Expression] = []
    rest = text
    while "${" in rest:
        before, _, rest = rest.partition("${")
        end = _closing(rest)
        if end is None:
            msg = f"{text!r}: a ${{ is never closed"
            raise ValueError(msg)
        if before:
            parts.append(before)
        parts.append(compile_expression(rest[:end]))
        rest = rest[end + 1 :]
    return Template((*parts, *([rest] if rest or not parts else [])))


def constant(value: Json) -> Template:
    """A template of any plain value: strings are parsed, everything else stands for itself."""
    if isinstance(value, str):
        return parse(value)
    return Template((compile_expression(canonical(value)),))


def check_plain(value: Json) -> None:
    """Raises ValueError where an expression stands inside a list or a mapping, where it would be
    sent as it is written.
    """
    if isinstance(value, dict | list) and "${" in canonical(value):
        msg = (
            "an expression inside a list or a mapping: write the whole value as one, such as"
            ' "${[bond.id, 3]}"'
        )
        raise ValueError(msg)


def _closing(text: str) -> int | None:
    """Where the brace that ends an expression stands: not inside a string, not one that closes a
    map.
    """
    depth = 0
    quote = ""
    skip = False
    for i, char in enumerate(text):
        if skip or (quote and char not in ("\\", quote)):
            skip = False
        elif quote:
            skip = char == "\\"
            quote = quote if char == "\\" else ""
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if not depth:
                return i
            depth -= 1
    return None


def _kept(expression: Expression, facts: Facts) -> Json:
    try:
        return plain(expression.evaluate(facts))
    except ValueError as error:
        raise ConditionError(message(expression.source, shortened(str(error)))) from error


def _text(value: Json) -> str:
    if isinstance(value, bool):
        if value:
            return "true"
        return "false"
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if value is None:
        return "?"
    return value if isinstance(value, str) else str(value)
