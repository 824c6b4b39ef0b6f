"""Mistakes in an expression that show without an event, and what it becomes where a part of it is
to be another.
"""

from dataclasses import dataclass, field

from bridge.core.expressions.syntax_tree import Node
from bridge.core.value_types import ANY, Type


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and how to mend it; `about`: the part that it is about, as it is written.

    `named`: it names what is not there; `odd`: it says nothing, though that may be meant. Else it
    is of two kinds that do not go together. `everywhere`: it is a mistake only if it is one for
    every event that the expression may meet.
    """

    about: str
    what: str
    mend: str = ""
    named: bool = False
    odd: bool = False
    everywhere: bool = False


@dataclass(slots=True)
class Findings:
    """What is found of one expression: its mistakes, and what is to stand in the place of parts of
    it.
    """

    source: str
    mistakes: list[Mistake] = field(default_factory=list)
    edits: dict[tuple[int, int], str] = field(default_factory=dict)

    def said(self, node: Node) -> str:
        """A part as it is written."""
        return self.source[node.start : node.end]

    def say(self, node: Node, what: str, mend: str = "", **more: bool) -> Type:
        """One more mistake. What the part gives is not known then, so that nothing more is said of
        it.
        """
        self.mistakes.append(Mistake(self.said(node), what, mend, **more))
        return ANY

    def replace(self, node: Node, instead: str) -> None:
        """Something else runs in the place of a part."""
        self.edits[node.start, node.end] = instead

    def mended(self) -> str:
        """The source with its edits."""
        text = self.source
        for (start, end), instead in sorted(self.edits.items(), reverse=True):
            text = text[:start] + instead + text[end:]
        return text
