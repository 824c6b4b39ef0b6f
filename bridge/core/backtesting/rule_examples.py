"""A rule's own examples, played through the same code that decides for real, with time that passes
at once.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bridge.core import value_types
from bridge.core.backtesting.dry_run import DryRun
from bridge.core.backtesting.in_memory_facts import InMemoryFacts
from bridge.core.durations import spoken
from bridge.core.events import schema
from bridge.core.events.builder import EVENTS
from bridge.core.model import Body, Event, Json, Ruling, Verdict
from bridge.core.requests import CallRequest
from bridge.core.rules.models.rule import CalledModel, ExampleModel, GivenModel, ThenModel
from bridge.core.rules.parser import Vocabulary
from bridge.core.rules.rule import Rule

# a Tuesday, in no hour of change anywhere
_BEGIN = datetime(2026, 1, 6, 9, tzinfo=UTC)

# how long an example goes on for the calls that it names
_GOES_ON = timedelta(days=8)
_EXACT = 1.0
SERVER = "example"


def failures(rule: Rule, vocabulary: Vocabulary) -> Iterator[str]:
    """One sentence for each promise of an example that is not kept."""
    for number, example in enumerate(rule.examples, 1):
        for said in broken(rule, example, vocabulary):
            yield f"{rule.id}, example {number}: {said}"


def broken(rule: Rule, example: ExampleModel, vocabulary: Vocabulary) -> Iterator[str]:
    """What one example promises and does not come so."""
    played = play(rule, example, vocabulary)
    begin = example.begin or _BEGIN
    last = begin + timedelta(
        seconds=max((given.at for given in example.given if given.type), default=0.0)
    )
    for then in example.then:
        if then.at is not None:
            at = begin + timedelta(seconds=then.at)
        else:
            at = last
        deaf = then.at is None and example.given[-1].type not in rule.types
        if deaf:
            got = _DEAF
        else:
            got = verdict_at(played, rule, at)
        wanted = Verdict(then.verdict, then.reason)
        if got.ruling is not wanted.ruling or (wanted.reason and got.reason is not wanted.reason):
            if then.at is not None:
                when = f" at {spoken(then.at)}"
            else:
                when = ""
            yield f"expected {wanted}{when}, got {got}" + (f": {got.detail}" if got.detail else "")
        if then.calls is not None:
            yield from _calls(then, played, begin, at if then.at is not None else None)
    yield from _amiss(played)


# what the trace of a decision says of a part of the rule that could not be evaluated
_AMISS = {"step": "is left out", "text": "could not be written"}


def _amiss(played: DryRun) -> Iterator[str]:
    """What would be told without the rule's own words, or not be done, when this happens."""
    traced = [line for decision in played.decisions.values() for line in decision.trace]
    lines = (line for line in traced if line["says"] in ("left out", "could not be written"))
    told = (
        f"{line['step']} {_AMISS[line['step']]}: {line.get('detail') or line['about']}"
        for line in lines
    )
    yield from dict.fromkeys(told)


def play(rule: Rule, example: ExampleModel, vocabulary: Vocabulary) -> DryRun:
    """The dry run of one example, to its end."""
    begin = example.begin or _BEGIN
    dry_run = DryRun(
        "example",
        InMemoryFacts({rule.id: rule}, begin, imagined=True),
        forced_live=example.mode == "live",
        yes=example.answer == "yes",
    )
    for i, given in enumerate(example.given):
        moment = begin + timedelta(seconds=given.at)
        dry_run.until(moment)
        _show(dry_run.memory, given.view or {})
        if given.type:
            dry_run.happen(imagine(given, vocabulary, f"example-{i}", begin))
    latest = max((then.at or 0.0 for then in example.then), default=0.0)
    goes_on = any(then.calls is not None and then.at is None for then in example.then)
    dry_run.until(begin + (_GOES_ON if goes_on else timedelta(seconds=latest)))
    return dry_run


_DEAF = Verdict(Ruling.SKIP, detail="the rule does not listen to it")


def verdict_at(played: DryRun, rule: Rule, at: datetime) -> Verdict:
    """The newest verdict of the rule by then."""
    said = [
        each.verdict
        for each in played.said
        if each.at <= at and each.rule == rule.id and each.job is None
    ]
    if said:
        return said[-1]
    return _DEAF


def imagine(
    given: GivenModel, vocabulary: Vocabulary, identifier: str, begin: datetime = _BEGIN
) -> Event:
    """An event as an example or `rules try` states it: what is left out is null."""
    shape = vocabulary.event_types[given.type].shape["event"]["data"]
    time = begin + timedelta(seconds=given.at)
    data = _filled(schema.blank(shape), value_types.fitted(given.data, shape))
    known = {str(name): value for name, value in given.known.items()}
    return Event(
        identifier, given.type, SERVER, _subject(given.type, data), time, time, data, known=known
    )


def _subject(name: str, data: Mapping[str, Json]) -> str:
    """As events of this type are about: `"leg/12"`; a bond's place and standing go by the bond's
    own id.
    """
    if name in EVENTS:
        kind = EVENTS[name].kind
    else:
        kind = None
    for noun in (kind, "bond" if kind in ("placement", "bond_condition") else "tuning"):
        if noun:
            about = data.get(noun)
        else:
            about = None
        if isinstance(about, dict) and about.get("id") is not None:
            return f"{kind}/{about['id']}"
    if kind:
        return f"{kind}/example"
    return "example"


def _show(memory: InMemoryFacts, view: Body) -> None:
    """From now on the view shows this: `{"leg": {"12": {"standing": "down"}, "13": None}}`: 13 is
    not there.
    """
    for kind, objects in view.items():
        for identifier, body in objects.items():
            known = memory.objects.get((kind, str(identifier))) or {"id": _number(identifier)}
            shown = value_types.fitted(body, schema.VIEWED.get(kind, {}))
            memory.objects[kind, str(identifier)] = None if shown is None else {**known, **shown}


def _number(identifier: Json) -> Json:
    if str(identifier).isdigit():
        return int(identifier)
    return identifier


def _filled(blank: Json, given: Body) -> dict[str, Json]:
    filled = dict(blank or {})
    for name, value in given.items():
        if isinstance(value, dict):
            filled[name] = _filled(filled.get(name), value)
        else:
            filled[name] = value
    return filled


def _calls(
    then: ThenModel, played: DryRun, begin: datetime, until: datetime | None
) -> Iterator[str]:
    made = [(at, call) for at, _, call in played.calls if until is None or at <= until]
    wanted = then.calls or []
    if len(made) != len(wanted):
        told = (
            ", ".join(
                f"{call.operation} at {spoken((at - begin).total_seconds())}" for at, call in made
            )
            or "none"
        )
        yield f"expected {len(wanted)} calls, got {told}"
        return
    for number, (called, (at, call)) in enumerate(zip(wanted, made, strict=True), 1):
        for said in _differs(called, call, (at - begin).total_seconds()):
            yield f"call {number}: {said}"


def _differs(wanted: CalledModel, call: CallRequest, at: float) -> Iterator[str]:
    if wanted.call != call.operation:
        yield f"expected {wanted.call}, got {call.operation}"
    for name, given, got in (
        ("with", wanted.with_, call.arguments),
        ("set", wanted.set_, call.body or {}),
    ):
        for key, value in (given or {}).items():
            if got.get(key) != value:
                yield f"{name}.{key}: expected {value!r}, got {got.get(key)!r}"
    if wanted.at is not None and abs(wanted.at - at) > _EXACT:
        yield f"expected at {spoken(wanted.at)}, came at {spoken(at)}"
