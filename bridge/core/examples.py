"""A rule's own examples, played through the same code that decides for real."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bridge.core import match, schema
from bridge.core.guards import ACT, Held
from bridge.core.model import Body, Event, Json, Ruling, Verdict
from bridge.core.rule_file import ExampleModel, GivenModel
from bridge.core.rules import Rule, Vocabulary

_BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def failures(rule: Rule, vocabulary: Vocabulary) -> Iterator[str]:
    """One sentence for each example whose last event does not get the verdict it promises."""
    for number, example in enumerate(rule.examples, 1):
        got = play(rule, example, vocabulary)
        wanted = Verdict(example.then.verdict, example.then.reason)
        if got.ruling is not wanted.ruling or (wanted.reason and got.reason is not wanted.reason):
            yield f"{rule.id}, example {number}: expected {wanted}, got {got}" + (f": {got.detail}" if got.detail else "")


def play(rule: Rule, example: ExampleModel, vocabulary: Vocabulary) -> Verdict:
    """The verdict on the last event given; what was admitted before it is taken to have ended at once."""
    held: dict[str, Held] = {}
    verdict = ACT
    for i, given in enumerate(example.given):
        event = imagine(given, vocabulary, f"example-{i}")
        if event.type not in rule.types:
            verdict = Verdict(Ruling.SKIP, detail=f"the rule does not listen to {event.type}")
            continue
        decision = match.meet(rule, event, match.Situation("example", event.time, held))
        verdict = decision.verdict
        if decision.cooldown:
            held[decision.cooldown] = Held(decision.id, event.time)
    return verdict


def imagine(given: GivenModel, vocabulary: Vocabulary, identifier: str) -> Event:
    """An event as an example or `rules try` states it: what is left out is null."""
    shape = vocabulary.event_types[given.type].shape["event"]["data"]
    time = _BEGIN + timedelta(seconds=given.at)
    data = _filled(schema.blank(shape), given.data)
    return Event(
        identifier,
        given.type,
        "example",
        "example",
        time,
        time,
        data,
        known={str(name): value for name, value in given.known.items()},
    )


def _filled(blank: Json, given: Body) -> dict[str, Json]:
    filled = dict(blank or {})
    for name, value in given.items():
        filled[name] = _filled(filled.get(name), value) if isinstance(value, dict) else value
    return filled
