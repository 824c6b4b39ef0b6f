"""Rules: plain data → values, or every error at once, each with its file, line and key."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase

from pydantic import ValidationError

from bridge.core import events, render, schema
from bridge.core.bodies import Schema
from bridge.core.canonical import identity
from bridge.core.document import Document, Place, problems_of
from bridge.core.expressions import Expression, compile_expression, unknown_paths
from bridge.core.model import Body, Json, Mode, Outcome, Retry
from bridge.core.render import Template
from bridge.core.rule_file import ExampleModel, RetryModel, RuleModel, StepModel, is_place, salvaged
from bridge.errors import BadInput, Problem

Fields = Mapping[str, Template]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may name: writing operations with their arguments, channels with their number of targets, webhooks.

    `takes`: the operations that carry an object's fields, and whether they need any. `refused`: names that cannot be
    called here, why, and how to mend it. `wrong`: why a value cannot be the argument of this name, or nothing. `secret`:
    which of the fields that a call sets are secret.
    """

    operations: Mapping[str, tuple[str, ...]]
    channels: Mapping[str, int]
    webhooks: frozenset[str] = frozenset()
    takes: Mapping[str, bool] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    wrong: Callable[[str, Json], str] = lambda _name, _value: ""
    secret: Callable[[str, Body], Collection[str]] = lambda _operation, _fields: ()

    @property
    def event_types(self) -> Mapping[str, events.EventType]:
        """Every event a rule can wait for."""
        return {**events.EVENTS, **{f"webhook.{name}": events.webhook(name) for name in self.webhooks}}


@dataclass(frozen=True, slots=True)
class Cooldown:
    """At most one admission per key in `every` seconds; without `per` one key for the whole rule."""

    every: float
    per: Expression | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `call` an operation with arguments, or `notify` a channel's targets with a title and a body.

    `body`: the fields that a call gives the object it makes or changes.
    """

    action: str
    name: str
    fields: Fields
    targets: int
    retry: Retry | None
    body: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to meet events. `types` are the event types its `when` names, `hash` is of all that is written."""

    id: str
    description: str
    types: frozenset[str]
    condition: Expression | None
    cooldown: Cooldown | None
    mode: Mode
    steps: tuple[Step, ...]
    examples: tuple[ExampleModel, ...]
    source: Document
    place: Place
    hash: str


def parse(document: Document, vocabulary: Vocabulary) -> tuple[list[Rule], list[Problem]]:
    """The rules of one file (a mapping, or a list of mappings) that can be used, and what is wrong with the others."""
    data = document.data
    places: list[Place] = [(i,) for i in range(len(data))] if isinstance(data, list) else [()]
    rules: list[Rule] = []
    problems: list[Problem] = []
    for place in places:
        try:
            rules.append(_Reader(document, place, vocabulary).rule())
        except BadInput as error:
            problems += error.problems
    return rules, problems


def at(data: Json, place: Place) -> Json:
    """The part of plain data that stands at a place."""
    for part in place:
        data = data[part]
    return data


class _Reader:
    """Reads the rule at one place of a document, collecting problems as it goes."""

    def __init__(self, document: Document, place: Place, vocabulary: Vocabulary) -> None:
        self.document, self.place, self.vocabulary = document, place, vocabulary
        self.problems: list[Problem] = []
        self.shapes: dict[str, Schema] = {}

    def rule(self) -> Rule:
        model = self._model()
        types = self._types(model.when)
        self.shapes = {name: self.vocabulary.event_types[name].shape for name in sorted(types)}
        rule = Rule(
            id=model.id,
            description=model.description,
            types=frozenset(types),
            condition=self._expression(model.condition, "if"),
            cooldown=self._cooldown(model),
            mode=model.mode,
            steps=tuple(self._step(step, i) for i, step in enumerate(model.do) if step.call or step.notify),
            examples=tuple(model.examples),
            source=self.document,
            place=self.place,
            hash=identity(at(self.document.data, self.place)),
        )
        self._check_examples(model.examples)
        self._check_loops(rule)
        if self.problems:
            raise BadInput(self.problems)
        return rule

    def _model(self) -> RuleModel:
        data = at(self.document.data, self.place)
        if not isinstance(data, dict):
            raise BadInput([self.document.problem(self.place, "a rule is a mapping: id, when, do …")])
        try:
            return RuleModel.model_validate(data)
        except ValidationError as error:
            self.problems += problems_of(error, self.document, self.place)
            return salvaged(data)

    def _say(self, place: Place, what: str, mend: str = "") -> None:
        self.problems.append(self.document.problem((*self.place, *place), what, mend))

    def _check_loops(self, rule: Rule) -> None:
        if any(name.startswith("action.") for name in rule.types) and any(step.action == "call" for step in rule.steps):
            what = "a rule that listens to action.* may only notify: a call would answer itself without end"
            self._say(("when",), what)

    def _types(self, when: list[str]) -> set[str]:
        known, types = self.vocabulary.event_types, set()
        for pattern in when:
            found = {name for name in known if fnmatchcase(name, pattern)}
            if not found:
                self._say(("when",), f"no event is called {pattern!r}", nearest(pattern, known))
            types |= found
        return types

    def _expression(self, source: str | None, *place: str | int) -> Expression | None:
        if source is None:
            return None
        try:
            expression = compile_expression(source)
        except ValueError as error:
            self._say(place, str(error))
            return None
        self._check_paths(expression, place)
        return expression

    def _check_paths(self, expression: Expression, place: Place) -> None:
        said = set()
        for name, shape in self.shapes.items():
            for sentence in unknown_paths(expression, shape):
                if sentence.partition(":")[0] not in said:
                    said.add(sentence.partition(":")[0])
                    self._say(place, sentence, f"checked against {name}")

    def _cooldown(self, model: RuleModel) -> Cooldown | None:
        if model.guard.cooldown is None:
            return None
        return Cooldown(model.guard.cooldown.every, self._expression(model.guard.cooldown.per, "guard", "cooldown", "per"))

    def _step(self, step: StepModel, i: int) -> Step:
        if step.call is not None:
            self._check_call(step.call, step, i)
            fields = self._fields(step.with_, "do", i, "with")
            return Step("call", step.call, fields, 1, _retry(step.retry), self._fields(self._safe(step, i), "do", i, "set"))
        told = step.notify
        assert told is not None  # noqa: S101  the model admits exactly one of the two
        if told.to not in self.vocabulary.channels:
            mend = nearest(told.to, self.vocabulary.channels) or "add it to `channels` in the settings"
            self._say(("do", i, "notify", "to"), f"no channel is called {told.to!r}", mend)
        fields = self._fields({"title": told.title, "body": told.body}, "do", i, "notify")
        return Step("notify", told.to, fields, self.vocabulary.channels.get(told.to, 0), _retry(step.retry))

    def _check_call(self, operation: str, step: StepModel, i: int) -> None:
        operations = self.vocabulary.operations
        if operation in self.vocabulary.refused:
            self._say(("do", i, "call"), *self.vocabulary.refused[operation])
            return
        if operation not in operations:
            self._say(("do", i, "call"), f"no operation is called {operation!r}", nearest(operation, operations))
            return
        self._check_arguments(operation, step.with_, i)
        needs = self.vocabulary.takes.get(operation)
        if step.set_ and needs is None:
            self._say(("do", i, "set"), f"{operation} takes no fields")
        if needs and not step.set_:
            self._say(("do", i, "set"), f"{operation} needs the fields to set", "write `set: {field: value}`")

    def _safe(self, step: StepModel, i: int) -> Body:
        """The fields a call sets, without secrets in clear: those are told, and not looked at any further."""
        known = step.call in self.vocabulary.operations and step.call not in self.vocabulary.refused
        told = self.vocabulary.secret(step.call or "", step.set_) if known and step.set_ else ()
        clear = [name for name in told if not is_place(step.set_[name])]
        for name in clear:
            mend = "write {env: NAME} or {file: PATH}, which is read when the call is sent"
            self._say(("do", i, "set", name), f"{name} is a secret, and no secret stands in a rule or is kept with a job", mend)
        return {name: value for name, value in step.set_.items() if name not in clear}

    def _check_arguments(self, operation: str, given: Mapping[str, Json], i: int) -> None:
        names = self.vocabulary.operations[operation]
        for name in names:
            if name not in given:
                self._say(("do", i, "with"), f"{operation} needs {name!r}", f'write `with: {{{name}: "${{…}}"}}`')
        for name, value in given.items():
            if name not in names:
                self._say(("do", i, "with", name), f"{operation} takes no {name!r}", nearest(name, names))
            elif not (isinstance(value, str) and "${" in value) and self.vocabulary.wrong(name, value):
                self._say(("do", i, "with", name), self.vocabulary.wrong(name, value))

    def _fields(self, given: Mapping[str, Json], *place: str | int) -> Fields:
        fields = {}
        for name, value in given.items():
            try:
                fields[name] = render.constant(value)
                render.check_plain(value)
            except ValueError as error:
                self._say((*place, name), str(error))
                continue
            for expression in fields[name].expressions:
                self._check_paths(expression, (*place, name))
        return fields

    def _check_examples(self, examples: list[ExampleModel]) -> None:
        for i, example in enumerate(examples):
            for j, given in enumerate(example.given):
                here: Place = ("examples", i, "given", j)
                if given.type not in self.vocabulary.event_types:
                    known = self.vocabulary.event_types
                    self._say((*here, "type"), f"no event is called {given.type!r}", nearest(given.type, known))
                    continue
                shape = self.vocabulary.event_types[given.type].shape["event"]["data"]
                for path in _leaves(given.data):
                    if schema.missing(shape, path):
                        self._say((*here, "data", *path), f"{given.type} has no {'.'.join(path)}")


def _leaves(data: Mapping[str, Json], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name)


def _retry(model: RetryModel | None) -> Retry | None:
    return Retry(frozenset(Outcome(name) for name in model.on), model.every, model.until) if model else None


def nearest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """`"did you mean 'leg.down'?"`, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
