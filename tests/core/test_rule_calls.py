"""What a rule says about calls: the fields it sets, the arguments it gives, and what it may not
call.
"""

import pytest

from bridge.core.decisions.evaluate import EvaluationContext, evaluate
from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.yaml_document import read
from bridge.errors import Problem

from .builders import NOW, answering, event

VOCABULARY = Vocabulary(
    operations={
        "bond.restart": ("bond",),
        "bond.update": ("bond",),
        "bond_tuning.start": ("bond",),
        "space.update": ("space",),
    },
    channels={"noc": 1},
    takes={"bond.update": True, "bond_tuning.start": False},
    refused={
        "bonder.create": ("a bonder comes with its bond", ""),
        "user.delete": ("not allowed", "write `allow: [user.delete]`"),
    },
    secret=lambda _operation, fields: {"password"} & fields.keys(),
    wrong=lambda name, value: "" if isinstance(value, int) else f"{name}: {value!r} is not an id",
)


def step(text: str) -> str:
    """A rule of one call."""
    return f"id: a\nwhen: leg.down\ndo:\n  - {text}\n"


def problems(text: str) -> list[Problem]:
    """What is wrong with a rule of one call."""
    return parse(read(step(text), "rules/test.yaml"), VOCABULARY)[1]


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("{call: bond.restart, with: {bond: 3}, set: {note: x}}", "do.0.set", "takes no fields"),
        ("{call: bond.update, with: {bond: 3}}", "do.0.set", "needs the fields to set"),
        ("{call: bond.update, with: {bond: 3}, set: {}}", "do.0.set", "needs the fields to set"),
        (
            "{call: bond.update, with: {bond: 3}, set: {note: '${leg.nam}'}}",
            "do.0.set.note",
            "did you mean 'name'?",
        ),
        (
            "{call: bond.update, with: {bond: 3}, set: {note: '${leg'}}",
            "do.0.set.note",
            "never closed",
        ),
        (
            "{call: bond.update, with: {bond: 3}, set: {space: {key: '${bond.space.key}'}}}",
            "do.0.set.space",
            "the whole value",
        ),
        ("{call: bond.update, with: {bond: 3}, set: [note]}", "do.0.set", "valid dictionary"),
        ("{call: bond.restart, with: {bond: x}}", "do.0.with.bond", "'x' is not an id"),
        ("{call: bond.restart, with: {bond: [1]}}", "do.0.with.bond", "[1] is not an id"),
        ("{call: bonder.create}", "do.0.call", "a bonder comes with its bond"),
        ("{call: user.delete, with: {user: 1}}", "do.0.call", "write `allow: [user.delete]`"),
        (
            "{call: bond.update, with: {bond: 3}, set: {password: hush}}",
            "do.0.set.password",
            "write {env: NAME}",
        ),
        (
            "{call: bond.update, with: {bond: 3}, set: {password: '${leg.note'}}",
            "do.0.set.password",
            "write {env: NAME}",
        ),
        (
            "{call: bond.update, with: {bond: 3}, set: {password: {env: A, file: b}}}",
            "do.0.set.password",
            "write {env: NAME}",
        ),
        (
            "{call: bond.update, with: {bond: 3}, set: {password: {env: [hush]}}}",
            "do.0.set.password",
            "write {env: NAME}",
        ),
        ("{notify: {to: noc, title: t}, set: {a: 1}}", "do.0", "`set` belongs to `call`"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_at_its_place(text: str, key: str, says: str) -> None:
    """Fields, arguments and names are checked when the rule is loaded, each with its place and how
    to mend it.
    """
    (problem,) = problems(text)
    assert (problem.key, problem.line) == (key, 4)
    assert says in f"{problem.what} {problem.mend}"
    assert "hush" not in str(problem)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        (
            "{call: bond.restart, with: {bond: '${bond.id}'}}",
            {"operation": "bond.restart", "arguments": {"bond": 3}},
        ),
        (
            "{call: bond_tuning.start, with: {bond: 3}}",
            {"operation": "bond_tuning.start", "arguments": {"bond": 3}},
        ),
        (
            (
                "{call: bond.update, with: {bond: 3}, set: {note: 'leg ${leg.id}', n: null, l: [1,"
                " {a: 2}], made: '${[leg.id]}'}}"
            ),
            {
                "operation": "bond.update",
                "arguments": {"bond": 3},
                "body": {"note": "leg 7", "n": None, "l": [1, {"a": 2}], "made": [7]},
            },
        ),
        (
            (
                "{call: bond.update, with: {bond: 3}, set: {password: {env: NEW_PASSWORD}, note:"
                " {env: NOTE}}}"
            ),
            {
                "operation": "bond.update",
                "arguments": {"bond": 3},
                "body": {"password": {"env": "NEW_PASSWORD"}, "note": {"env": "NOTE"}},
            },
        ),
    ],
)
def test_a_call_carries_the_fields_it_sets(text: str, request_: dict) -> None:
    """Values stand as they are written, an expression alone keeps its type, and what sets nothing
    has no body.
    """
    (rule,), wrong = parse(read(step(text), "rules/test.yaml"), VOCABULARY)
    assert not wrong
    (job,) = evaluate(
        rule,
        event("leg.down", leg={"id": 7}, bond={"id": 3}),
        answering(),
        EvaluationContext("r", NOW),
    ).jobs
    assert job.request.stored() == request_
