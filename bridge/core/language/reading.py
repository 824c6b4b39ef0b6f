"""One rule while it is read: where it stands, what it may name, what its expressions may see, what is wrong with it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bridge.core import render, schema
from bridge.core.bodies import Schema
from bridge.core.document import Document, Place
from bridge.core.expressions import Expression, compile_expression, objects_compared, unknown_functions, unknown_paths
from bridge.core.language import hours
from bridge.core.language.rule import Fields
from bridge.core.language.truths import untrue
from bridge.core.language.vocabulary import Vocabulary, nearest
from bridge.core.model import Json
from bridge.errors import Problem

# by event type: what an expression sees when it meets one
Shapes = Mapping[str, Schema]

# a word of a command, by its place
_WORD = re.compile(r"""(?<![\w."'])chat\.args\[(\d{1,9})\]""")


@dataclass(slots=True)
class Reading:
    """`say` collects problems; the others read one thing at a place of the rule and say what is wrong with it.

    `hushed`: a secret stands in the rule in clear, so that none of its lines is quoted. `unread`: keys whose value has been
    told to be none; more about them would only confuse. `chats`: whether it is a person's command, which `takes` these.
    """

    document: Document
    place: Place
    vocabulary: Vocabulary
    shapes: Shapes = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    hushed: bool = False
    unread: frozenset[str] = frozenset()
    chats: bool = False
    takes: tuple[str, ...] = ()

    def told(self) -> list[Problem]:
        """All that was said, as it may be shown."""
        return [replace(problem, excerpt="") for problem in self.problems] if self.hushed else self.problems

    def say(self, place: Place, what: str, mend: str = "") -> None:
        """One more problem."""
        problem = self.document.problem((*self.place, *place), what, mend)
        if problem.key not in self.unread:
            self.problems.append(problem)

    def told_below(self, place: Place, whole: Iterable[Place] = ()) -> bool:
        """Whether a key that stands here could not be read: it may be all that is wrong. At `whole` places they could."""
        here, read = self._key(place), {self._key(each) for each in whole}
        return any(key.rpartition(".")[0] == here for key in self.unread - read)

    def _key(self, place: Place) -> str:
        return ".".join(str(part) for part in (*self.place, *place))

    def types(self, patterns: Iterable[str], *place: str | int) -> frozenset[str]:
        """The events that these names and globs stand for."""
        found: frozenset[str] = frozenset()
        for pattern in patterns:
            matching = self.vocabulary.matching(pattern)
            if not matching:
                self.say(place, f"no event is called {pattern!r}", nearest(pattern, self.vocabulary.event_types))
            found |= matching
        return found

    def named(self, name: str, known: Collection[str], kind: str, mend: str, *place: str | int) -> None:
        """Says so where nothing is called like this; an empty name has been told before."""
        if name and name not in known:
            self.say(place, f"no {kind} is called {name!r}", nearest(name, known) or mend)

    def expression(self, source: str | None, *place: str | int, shapes: Shapes | None = None) -> Expression | None:
        """An expression whose paths are there for every event of the rule, or of these shapes."""
        if not source:
            return None
        try:
            expression = compile_expression(source)
        except ValueError as error:
            self.say(place, str(error))
            return None
        self.check_paths(expression, place, self.shapes if shapes is None else shapes)
        return expression

    def condition(self, source: str | None, *place: str | int, shapes: Shapes | None = None) -> Expression | None:
        """An expression that is true or false, as far as that shows."""
        before = len(self.problems)
        expression = self.expression(source, *place, shapes=shapes)
        if expression is None or len(self.problems) > before:
            return expression
        told = (untrue(expression, shape) for shape in (self.shapes if shapes is None else shapes).values())
        for what, mend in ((what, mend) for what, mend in told if what):
            self.say(place, what, mend)
            break
        return expression

    def check_paths(self, expression: Expression, place: Place, shapes: Shapes) -> None:
        """Each path that an event of the rule does not have, once, with one event that has it not; each unknown function."""
        said = set()
        for sentence in (*unknown_functions(expression), *hours.wrong(expression.source)):
            self.say(place, sentence, "docs/rules.md lists what expressions can call")
        if self.chats:
            self._check_words(expression, place)
        for name, shape in shapes.items():
            for sentence in (*unknown_paths(expression, shape), *objects_compared(expression, shape)):
                path = sentence.partition(":")[0].partition(" ")[0]
                if path not in said:
                    said.add(path)
                    self.say(place, sentence, f"checked against {name}")

    def _check_words(self, expression: Expression, place: Place) -> None:
        """A word that the command does not take is never there: it is told now, and not when somebody says the command."""
        for number in sorted({int(found) for found in _WORD.findall(expression.source)}):
            if number >= len(self.takes):
                there = f"it takes {', '.join(self.takes)}: chat.args[0] is the first" if self.takes else "it takes none"
                self.say(place, f"chat.args[{number}]: the command has no such word", f"{there}; `takes` of `when` lists them")

    def fields(self, given: Mapping[str, Json], *place: str | int, shapes: Shapes | None = None) -> Fields:
        """Values with `${…}` in them, as templates."""
        fields = {}
        for name, value in given.items():
            try:
                template = render.constant(value)
                render.check_plain(value)
            except ValueError as error:
                self.say((*place, name), str(error))
                continue
            fields[name] = template
            for expression in template.expressions:
                self.check_paths(expression, (*place, name), self.shapes if shapes is None else shapes)
        return fields

    def nouns(self) -> dict[str, Schema]:
        """The objects that every event of the rule names, each by the shape that it has in the first of them."""
        known = self.vocabulary.event_types
        common = [set(known[name].nouns) for name in self.shapes]
        first = next(iter(self.shapes.values()), {})
        return {noun: first[noun] for noun in sorted(set.intersection(*common)) if noun in first} if common else {}


def verified(shapes: Shapes) -> Shapes:
    """What `verify.expect` sees of each event."""
    return {name: schema.of_verify(shape) for name, shape in shapes.items()}


def failed(shapes: Shapes) -> Shapes:
    """What expressions below `on_failure` see with each event."""
    return {name: schema.of_failure(shape) for name, shape in shapes.items()}
