"""What an expression may cost: steps through lists, and what they make. The evaluator itself cannot
be stopped.

So each loop asks for leave at every step, by a function of ours that is written into it when it is
compiled:

    xs.all(x, x > 3)    becomes   xs.all(x, (step_(0) ? (x > 3) : null))
    xs.map(x, x.id)     becomes   xs.map(x, (step_(0) ? kept_(0, x.id) : 0)).made_(0)

A list that a loop makes is kept outside until it is whole: the evaluator would copy all that there
is of it at each step. Steps are counted, not timed, so that the same facts give the same verdict
anywhere. Only where a step is slower than anybody thought does a clock stop it; that is a fact like
any other, and a replay is told of it.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bridge.core.expressions import cel_parser, syntax_tree
from bridge.core.expressions.syntax_tree import Call, Node
from bridge.core.model import Json

STEP = "step_"
KEPT = "kept_"
MADE = "made_"

# a step takes about half a microsecond, and so does a value that is handed over
STEPS = 2_000_000
SECONDS = 3.0
# at each step so many numbers are copied in the same time
_COPIED = 8
# the largest list of events that an expression may see, in values
LARGEST = 200_000
# of a text, so many characters count as one value
_CHARACTERS = 100
# an expression that took all of it gets so much of it for so many seconds
CAREFUL_STEPS = 50_000
CAREFUL_SECONDS = 600.0


class TooLong(Exception):
    """An expression has taken all that it may."""


class Costly:
    """The expressions that took all they may in the last CAREFUL_SECONDS, by the clock `ticking`.

    They are still evaluated, but with less: one that costs seconds must not cost them for every
    event, and one that met a huge event must not be lost for the others.
    """

    def __init__(self, ticking: Callable[[], float]) -> None:
        self._ticking = ticking
        self._until: dict[str, float] = {}

    def add(self, source: str) -> None:
        """This one has taken all it may just now."""
        now = self._ticking()
        self._until = {each: until for each, until in self._until.items() if until > now}
        self._until[source] = now + CAREFUL_SECONDS

    def steps(self, source: str) -> float:
        """How many steps it may take for one event, of those that there are."""
        if self._until.get(source, 0.0) > self._ticking():
            return CAREFUL_STEPS
        return math.inf


class Budget:
    """What is left for the expressions of one verdict. `ticking`: a clock in seconds, where there
    is one. `costly`: expressions that get less.

    `stopped`: the expressions that the clock or `costly` has stopped, or that were stopped when the
    verdict was made at first.
    """

    def __init__(
        self,
        ticking: Callable[[], float] | None = None,
        stopped: set[str] | None = None,
        steps: int = STEPS,
        costly: Costly | None = None,
    ) -> None:
        self.spent = False
        self.stopped: set[str] = stopped if stopped is not None else set()
        self._costly = costly
        self._most = math.inf
        self._left = steps
        self._ticking = ticking
        self._began = self._used = 0.0
        self._source = ""
        self._inside: Sequence[Sequence[int]] = ()
        self._count: list[int] = []
        self._values: list[Json] = []

    def begin(self, source: str, inside: Sequence[Sequence[int]]) -> None:
        """An expression is evaluated; `inside`: of each loop, those in it. Raises TooLong for one
        that was stopped before.
        """
        self._source = source
        self._inside = inside
        self._count = [0] * len(inside)
        self._values = []
        self.spent = source in self.stopped or self._left <= 0
        if self.spent:
            raise TooLong
        if self._costly:
            self._most = self._costly.steps(source)
        if self._ticking:
            self._began = self._ticking()
        else:
            self._began = 0.0

    def end(self) -> None:
        """It is over."""
        if self._ticking:
            self._used += self._ticking() - self._began

    def step(self, loop: int) -> bool:
        """A loop goes on to its next value; those inside it begin anew. Raises TooLong."""
        for inner in self._inside[loop]:
            self._count[inner] = 0
        self._spend(1 + self._count[loop] // _COPIED)
        return True

    def kept(self, loop: int, value: Json) -> int:
        """A loop makes a value; its number. Raises TooLong."""
        self._count[loop] += 1
        self._spend(weight(value))
        self._values.append(value)
        return len(self._values) - 1

    def made(self, numbers: Sequence[int], loop: int) -> Json:
        """The list that a loop has made. Raises TooLong."""
        self._count[loop] = 0
        values = [self._values[number] for number in numbers]
        self._spend(weight(values))
        return values

    def _spend(self, steps: int) -> None:
        self._left -= steps
        self._most -= steps
        if self._most <= 0 or self._is_late():
            self.stopped.add(self._source)
            self.spent = True
        self.spent = self.spent or self._left <= 0
        if self.spent:
            if self._costly:
                self._costly.add(self._source)
            raise TooLong

    def _is_late(self) -> bool:
        if self._ticking is None:
            return False
        return self._used + self._ticking() - self._began > SECONDS


def weight(value: Json) -> int:
    """How many plain values there are in one."""
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS
    if isinstance(value, dict):
        return 1 + sum(
            1 + len(str(name)) // _CHARACTERS + weight(below) for name, below in value.items()
        )
    if isinstance(value, list | tuple):
        return 1 + sum(map(weight, value))
    return 1


@dataclass(frozen=True, slots=True)
class _Loop:
    """`xs.map(x, …)`: where its name stands, what it binds, its arguments after that, and where its
    bracket closes.
    """

    macro: str
    begin: int
    variable: str
    arguments: Sequence[Node]
    closes: int


# what may stand between the last argument and the bracket
_BLANK = re.compile(r"(?:\s|//[^\n]*)*")


def metered(source: str) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """The same expression, whose loops ask for leave; of each loop, those inside it. Raises
    ValueError as `cel_parser` does.
    """
    found = list(_loops(source))
    written = [each for number, loop in enumerate(found) for each in _written(number, loop)]
    told = source
    for begin, end, text in sorted(written, reverse=True):
        told = told[:begin] + text + told[end:]
    return told, tuple(tuple(_inside(loop, found)) for loop in found)


def _loops(source: str) -> Iterator[_Loop]:
    for node, _ in syntax_tree.walk(cel_parser.parse(source)):
        if isinstance(node, Call) and node.bound is not None and node.target is not None:
            begin = source.rindex(node.name, node.target.end, node.args[0].start)
            blank = _BLANK.match(source, node.args[-1].end)
            if blank:
                closes = blank.end()
            else:
                closes = node.args[-1].end
            yield _Loop(node.name, begin, node.bound, node.args[1:], closes)


def _written(number: int, loop: _Loop) -> Iterator[tuple[int, int, str]]:
    """What is written into a loop: from where to where it stands instead of what is there."""
    first = loop.arguments[0]
    last = loop.arguments[-1]
    closed = loop.closes + 1
    begins = (first.start, first.start)
    asks = f"({STEP}({number}) ? ("
    made = f").{MADE}({number})"
    if loop.macro not in ("map", "filter"):
        yield from ((*begins, asks), (first.end, first.end, ") : null)"))
    elif loop.macro == "filter":
        yield loop.begin, loop.begin + len(loop.macro), "map"
        yield from (
            (*begins, asks),
            (last.end, closed, f") : false), {KEPT}({number}, {loop.variable}){made}"),
        )
    elif first is not last:
        yield from ((*begins, asks), (first.end, first.end, ") : false)"))
        yield from ((last.start, last.start, f"{KEPT}({number}, "), (last.end, closed, f"){made}"))
    else:
        yield from ((*begins, f"{asks}{KEPT}({number}, "), (last.end, closed, f")) : 0){made}"))


def _inside(loop: _Loop, every: Sequence[_Loop]) -> Iterator[int]:
    begin = loop.arguments[0].start
    end = loop.closes
    return (i for i, each in enumerate(every) if begin <= each.begin < end)
