"""Rules that want opposite things of one object, found when they are loaded, as far as that can be
said then (G23).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from bridge.core.call_conflicts import opposed
from bridge.core.canonical_json import canonical
from bridge.core.expressions.templates import Template
from bridge.core.model import Json, Mode
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Chat, Fields, Rule, Schedule, Step


def contradictions(rules: Sequence[Rule]) -> list[str]:
    """One sentence for each pair of live rules of equal priority that can meet one event and call
    opposite things.
    """
    live = [rule for rule in rules if rule.mode is Mode.LIVE and rule.calls]
    return [
        f"the rules {one.id} and {other.id} want opposite things of one object when {met} comes:"
        f" {what}; give one a `priority`"
        for one, other in combinations(live, 2)
        if one.priority == other.priority
        and (met := _meeting(one, other))
        and (what := next(_opposed(one, other), ""))
    ]


def _meeting(one: Rule, other: Rule) -> str:
    """An event type that both meet, unless their conditions exclude each other; clock and people
    call each rule by itself.
    """
    if {Schedule, Chat} & {type(one.shape), type(other.shape)} and one.shape != other.shape:
        return ""
    tests = dict(one.tests)
    if any(path in tests and tests[path] != value for path, value in other.tests):
        return ""
    return min(one.types & other.types, default="")


def _opposed(one: Rule, other: Rule) -> Iterator[str]:
    for step in one.steps:
        for against in other.steps:
            if step.action == against.action == "call" and opposed(*_requests(step, against)):
                yield _said(step, against)


def _requests(step: Step, against: Step) -> tuple[CallRequest, CallRequest]:
    """What both would ask for, as far as it is written out: what is made of the event may be the
    same object.
    """
    arguments = [
        _written_out(step.fields, against.fields),
        _written_out(against.fields, step.fields),
    ]
    for made in arguments:
        made.update(dict.fromkeys(step.fields.keys() & against.fields.keys() - made.keys(), "?"))
    bodies = [_written_out(step.body, against.body), _written_out(against.body, step.body)]
    one, other = (
        CallRequest(operation=each.name, arguments=named, body=fields)
        for each, named, fields in zip((step, against), arguments, bodies, strict=True)
    )
    return one, other


def _said(step: Step, against: Step) -> str:
    """What the two want, in a few words."""
    one = _written_out(step.body, against.body)
    other = _written_out(against.body, step.body)
    field = next((name for name in one if one[name] != other[name]), None)
    if field is None:
        return f"{step.name} against {against.name}"
    return f"{step.name} sets {field} to {canonical(one[field])} against {canonical(other[field])}"


def _written_out(fields: Fields, others: Fields) -> dict[str, Json]:
    """The values of those fields that stand in both as plain values."""
    plain = {
        name
        for name in fields.keys() & others.keys()
        if _is_plain(fields[name]) and _is_plain(others[name])
    }
    return {name: fields[name].render({}) for name in fields if name in plain}


def _is_plain(template: Template) -> bool:
    return not any(expression.paths or expression.functions for expression in template.expressions)
