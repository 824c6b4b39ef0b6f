"""One rule while it is read: where it stands, what it may name, what its expressions may see, what
is wrong with it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from bridge.core.events import schema
from bridge.core.expressions import templates
from bridge.core.expressions.evaluator import Expression, compile_expression
from bridge.core.expressions.templates import Template
from bridge.core.expressions.type_checker import untrue
from bridge.core.model import Json
from bridge.core.objects.object_schemas import Schema
from bridge.core.rules import hours_function
from bridge.core.rules.rule import Fields
from bridge.core.rules.vocabulary import Vocabulary, nearest
from bridge.core.yaml_document import Document, Place
from bridge.errors import Problem

# by event type: what an expression sees when it meets one
Shapes = Mapping[str, Schema]

_LISTED = "docs/rules.md lists what expressions can call"
# `$bond.name`, `{{ bond.name }}`, `{bond.name}`, `%{bond.name}`, and not `${bond.name}`
_ELSEWHERE = re.compile(
    r"(?<!\$)\$([A-Za-z_]\w*(?:\.\w+)+)|(?<!\$)\{\{?\s*([A-Za-z_]\w*(?:\.\w+)+)\s*\}?\}"
)
# a word of a command, by its place
_WORD = re.compile(r"""(?<![\w."'])chat\.args\[(\d{1,9})\]""")


@dataclass(slots=True)
class ParseContext:
    """`say` collects problems, `note` what is only odd; the others read one thing of the rule and
    say what is wrong with it.

    `hushed`: a secret stands in the rule in clear, so that none of its lines is quoted. `unread`:
    keys whose value has been told to be none; more about them would only confuse. `chats`: whether
    it is a person's command, which `takes` these. `unknown`: what nothing is called like, and has
    been told.
    """

    document: Document
    place: Place
    vocabulary: Vocabulary
    shapes: Shapes = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    hushed: bool = False
    unread: frozenset[str] = frozenset()
    chats: bool = False
    takes: tuple[str, ...] = ()
    unknown: set[tuple[str, str]] = field(default_factory=set)

    def told(self) -> list[Problem]:
        """All that was said, as it may be shown."""
        if self.hushed:
            return [replace(problem, excerpt="") for problem in self.problems]
        return self.problems

    def say(self, place: Place, what: str, mend: str = "") -> None:
        """One more problem."""
        problem = self.document.problem((*self.place, *place), what, mend)
        if problem.key not in self.unread:
            self.problems.append(problem)

    def note(self, place: Place, what: str, mend: str = "") -> None:
        """Something odd, with which the rule can be used all the same."""
        self.notes.append(self.document.problem((*self.place, *place), what, mend))

    def told_below(self, place: Place, whole: Iterable[Place] = ()) -> bool:
        """Whether a key that stands here could not be read: it may be all that is wrong. At `whole`
        places they could.
        """
        here = self._key(place)
        read = {self._key(each) for each in whole}
        return any(key.rpartition(".")[0] == here for key in self.unread - read)

    def _key(self, place: Place) -> str:
        return ".".join(str(part) for part in (*self.place, *place))

    def types(self, patterns: Iterable[str], *place: str | int) -> frozenset[str]:
        """The events that these names and globs stand for."""
        found: frozenset[str] = frozenset()
        for pattern in patterns:
            matching = self.vocabulary.matching(pattern)
            if not matching:
                self.named(pattern, (), "event", self._no_event(pattern), *place)
            found |= matching
        return found

    def _no_event(self, name: str) -> str:
        """What to do about an event that there is not: a webhook may only not be in the settings
        yet.
        """
        family, _, rest = name.partition(".")
        known = self.vocabulary.event_types
        if family != "webhook" or not rest.replace("-", "").replace("_", "").isalnum():
            return nearest(name, known)
        near = get_close_matches(
            name, [each for each in known if each.startswith("webhook.")], n=1, cutoff=0.85
        )
        return (
            f"did you mean {near[0]!r}? Or " if near else ""
        ) + f"add it to the settings: bondbridge webhooks add {rest}"

    def named(
        self, name: str, known: Collection[str], kind: str, mend: str, *place: str | int
    ) -> None:
        """Says so, once, where nothing is called like this; an empty name has been told before."""
        if name and name not in known and (kind, name) not in self.unknown:
            self.unknown.add((kind, name))
            self.say(place, f"no {kind} is called {name!r}", nearest(name, known) or mend)

    def expression(
        self, source: str | None, *place: str | int, shapes: Shapes | None = None
    ) -> Expression | None:
        """An expression whose paths are there for every event of the rule, or of these shapes."""
        if not source:
            return None
        try:
            expression = compile_expression(source)
        except ValueError as error:
            self.say(place, str(error))
            return None
        return self.checked(expression, place, self.shapes if shapes is None else shapes)

    def condition(
        self, source: str | None, *place: str | int, shapes: Shapes | None = None
    ) -> Expression | None:
        """An expression that is true or false, as far as that shows."""
        before = len(self.problems)
        expression = self.expression(source, *place, shapes=shapes)
        if expression is None or len(self.problems) > before:
            return expression
        if shapes is None:
            known = self.shapes
        else:
            known = shapes
        told = (
            untrue(expression.source, expression.tree, expression.check(shape).type)
            for shape in known.values()
        )
        what, mend = next((each for each in told if each[0]), ("", ""))
        if what:
            self.say(place, what, mend)
        return expression

    def checked(
        self, expression: Expression, place: Place, shapes: Shapes, *, text: bool = False
    ) -> Expression:
        """Says what of an expression is wrong for an event of the rule, each part once; as it fits
        all of them.

        In a text for people two kinds that do not go together are only noted: words fail open.
        """
        for sentence in hours_function.wrong(expression.source):
            self.say(place, sentence, _LISTED)
        if self.chats:
            self._check_words(expression, place)
        said: set[str] = set()
        found = {name: expression.check(shape, shapes) for name, shape in shapes.items()}
        sources = {each.source for each in found.values()}
        for name, checked in found.items():
            for mistake in checked.mistakes:
                everywhere = all(mistake in each.mistakes for each in found.values())
                if mistake.about not in said and (everywhere or not mistake.everywhere):
                    said.add(mistake.about)
                    if mistake.odd or (text and not mistake.named):
                        say = self.note
                    else:
                        say = self.say
                    say(place, mistake.what, mistake.mend or f"checked against {name}")
        if len(sources) == 1:
            return expression.fitted(sources.pop())
        return expression

    def _check_words(self, expression: Expression, place: Place) -> None:
        """A word that the command does not take is never there: it is told now, and not when
        somebody says the command.
        """
        for number in sorted({int(found) for found in _WORD.findall(expression.source)}):
            if number >= len(self.takes):
                if self.takes:
                    there = f"it takes {', '.join(self.takes)}: chat.args[0] is the first"
                else:
                    there = "it takes none"
                self.say(
                    place,
                    f"chat.args[{number}]: the command has no such word",
                    f"{there}; `takes` of `when` lists them",
                )

    def fields(
        self,
        given: Mapping[str, Json],
        *place: str | int,
        shapes: Shapes | None = None,
        texts: bool = False,
    ) -> Fields:
        """Values with `${…}` in them, as templates. `texts`: they are for people, or for another
        system.
        """
        fields = {}
        for name, value in given.items():
            try:
                template = templates.constant(value)
                templates.check_plain(value)
            except ValueError as error:
                self.say((*place, name), str(error))
                continue
            if shapes is None:
                known = self.shapes
            else:
                known = shapes
            if texts and isinstance(value, str):
                self._check_spelling(value, (*place, name), known)
            fields[name] = self._template(template, (*place, name), known, texts=texts)
        return fields

    def _check_spelling(self, text: str, place: Place, shapes: Shapes) -> None:
        """What other languages take for an expression stands in a text as it is."""
        for found in _ELSEWHERE.finditer(text):
            path = found[1] or found[2]
            if all(path.partition(".")[0] in shape for shape in shapes.values()):
                self.note(place, f"{found[0]} is told as it stands here", f"write ${{{path}}}")

    def _template(
        self, template: Template, place: Place, shapes: Shapes, *, texts: bool
    ) -> Template:
        return template.fitted(lambda each: self.checked(each, place, shapes, text=texts))

    def nouns(self) -> dict[str, Schema]:
        """The objects that every event of the rule names, each by the shape that it has in the
        first of them.
        """
        known = self.vocabulary.event_types
        common = [set(known[name].nouns) for name in self.shapes]
        first = next(iter(self.shapes.values()), {})
        if common:
            return {
                noun: first[noun] for noun in sorted(set.intersection(*common)) if noun in first
            }
        return {}


def verified(shapes: Shapes) -> Shapes:
    """What `verify.expect` sees of each event."""
    return {name: schema.of_verify(shape) for name, shape in shapes.items()}


def failed(shapes: Shapes) -> Shapes:
    """What expressions below `on_failure` see with each event."""
    return {name: schema.of_failure(shape) for name, shape in shapes.items()}
