"""Rules: plain data → values, or every error at once, each with its file, line, column and key."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import ValidationError

from bridge.core.canonical_json import identity
from bridge.core.events import schema
from bridge.core.model import Json
from bridge.core.rules import schedules
from bridge.core.rules.error_recovery import salvaged
from bridge.core.rules.lint_group_size import check_single
from bridge.core.rules.models.rule import ExampleModel, GivenModel, RuleModel
from bridge.core.rules.parse_chat import chat_of
from bridge.core.rules.parse_context import ParseContext
from bridge.core.rules.parse_guards import guard_of
from bridge.core.rules.parse_steps import steps_of
from bridge.core.rules.parse_when import (
    all_last,
    check_lasting,
    group_of,
    shape_of,
    tests_for,
    types_of,
)
from bridge.core.rules.rule import Cooldown, Fields, Overlap, Rule, Schedule, Step
from bridge.core.rules.vocabulary import Vocabulary, nearest
from bridge.core.value_types import misfits
from bridge.core.yaml_document import Document, Place, problems_of
from bridge.errors import BadInput, Problem

__all__ = ["Cooldown", "Fields", "Rule", "Step", "Vocabulary", "at", "nearest", "parse"]


def parse(document: Document, vocabulary: Vocabulary) -> tuple[list[Rule], list[Problem]]:
    """The rules of one file (a mapping, or a list of mappings) that can be used, and what is wrong
    with the others.
    """
    if document.data is not None:
        data = document.data
    else:
        data = []
    places: list[Place] = [(i,) for i in range(len(data))] if isinstance(data, list) else [()]
    rules: list[Rule] = []
    problems: list[Problem] = []
    for place in places:
        try:
            rules.append(_rule(ParseContext(document, place, vocabulary)))
        except BadInput as error:
            problems += error.problems
    return rules, problems


def at(data: Json, place: Place) -> Json:
    """The part of plain data that stands at a place."""
    for part in place:
        data = data[part]
    return data


def _rule(reading: ParseContext) -> Rule:
    """The rule at one place of a document. Raises BadInput with every problem of it."""
    model = _model(reading)
    types = types_of(reading, model)
    shape = shape_of(reading, model)
    condition = reading.condition(model.condition, "if")
    check_lasting(reading, model, types)
    group = group_of(reading, model)
    steps = steps_of(reading, model.do)
    chat = chat_of(reading, model, steps, types)
    guard = guard_of(reading, model, steps, lasting=shape is None and all_last(reading, types))
    check_single(reading, condition, steps, guard, grouped=group is not None)
    _check_examples(reading, model.examples)
    if reading.problems:
        raise BadInput(reading.told())
    rule = Rule(
        id=model.id,
        description=model.description,
        types=types,
        condition=condition,
        mode=model.mode,
        steps=steps,
        source=reading.document,
        place=reading.place,
        hash=identity(at(reading.document.data, reading.place)),
        examples=tuple(model.examples),
        shape=chat or shape,
        lasts=model.lasts,
        still=model.still,
        late=model.late == "act",
        group=group,
        guard=guard,
        overlap=(
            Overlap(model.overlap)
            if model.overlap
            else Overlap.QUEUE
            if group
            else Overlap.PARALLEL
        ),
        priority=model.priority,
        tests=tests_for(reading, condition),
        notes=tuple(reading.notes),
    )
    return replace(rule, notes=(*rule.notes, *_for_each_server(reading, rule)))


def _for_each_server(reading: ParseContext, rule: Rule) -> Iterator[Problem]:
    """A schedule that names no server, though there are several and it matters on which it is
    followed.
    """
    servers = reading.vocabulary.servers
    unnamed = isinstance(rule.shape, Schedule) and rule.shape.server is None
    if unnamed and len(servers) > 1 and schedules.about_a_server(rule):
        what = (
            f"it is followed on each of {len(servers)} servers, since it asks or does something"
            " there"
        )
        mend = (
            f'name one, such as `server: {servers[0]}`, or write `server: "*"` where each is meant'
        )
        yield reading.document.problem((*reading.place, "when", "schedule"), what, mend)


def _model(reading: ParseContext) -> RuleModel:
    data = at(reading.document.data, reading.place)
    if not isinstance(data, dict):
        raise BadInput(
            [reading.document.problem(reading.place, "a rule is a mapping: id, when, do …")]
        )
    try:
        return RuleModel.model_validate(data)
    except ValidationError as error:
        reading.problems += problems_of(error, reading.document, RuleModel, reading.place)
        reading.unread = frozenset(problem.key for problem in reading.problems)
    rule, amiss = salvaged(data)
    whole = [
        place for place, _ in amiss
    ]  # what is wrong there is no single key: all of them could be read
    for place, what in amiss:
        if not reading.told_below(place, whole):
            reading.say(place, what)
    return rule


def _check_examples(reading: ParseContext, examples: list[ExampleModel]) -> None:
    for i, example in enumerate(examples):
        for j, given in enumerate(example.given):
            if given.type:
                _check_given(reading, given, ("examples", i, "given", j))
            _check_view(reading, given.view or {}, ("examples", i, "given", j, "view"))
        for j, then in enumerate(example.then):
            for k, called in enumerate(then.calls or ()):
                place = ("examples", i, "then", *((j,) if _is_list(reading, i) else ()), "calls", k)
                names = reading.vocabulary.operations
                reading.named(called.call, names, "operation", "see docs/operations.md", *place)


def _is_list(reading: ParseContext, i: int) -> bool:
    return isinstance(at(reading.document.data, (*reading.place, "examples", i, "then")), list)


def _check_given(reading: ParseContext, given: GivenModel, here: Place) -> None:
    known = reading.vocabulary.event_types
    reading.named(given.type, known, "event", "", *here, "type")
    if given.type not in known:
        return
    shape = known[given.type].shape["event"]["data"]
    for path, what in misfits(given.data, shape, ""):
        missing = what == f"there is no {path}"
        reading.say(
            (*here, "data", *path.split(".")), f"{given.type} has no {path}" if missing else what
        )
    for path, what in misfits(given.known, schema.KNOWN, ""):
        reading.say((*here, "known", *path.split(".")), what)


def _check_view(reading: ParseContext, view: Mapping[str, Json], here: Place) -> None:
    """What an example says that the view shows: objects by kind and id."""
    for kind, objects in view.items():
        if kind not in schema.VIEWED:
            reading.say(
                (*here, kind), f"the view has no kind {kind!r}", nearest(kind, schema.VIEWED)
            )
            continue
        for identifier, body in objects.items() if isinstance(objects, dict) else ():
            for path, what in misfits(body, schema.VIEWED[kind], ""):
                reading.say((*here, kind, identifier, *path.split(".")), what)
