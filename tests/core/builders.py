"""Small values for the tests of core: a vocabulary, rules from text, events with every field
there.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.core.backtesting.in_memory_facts import InMemoryFacts
from bridge.core.decisions import evaluate
from bridge.core.decisions.evaluate import EvaluationContext
from bridge.core.decisions.facts import Answer, Ask, QuestionedFacts, RecordingFacts
from bridge.core.events import schema
from bridge.core.events.builder import EVENTS
from bridge.core.expressions.cost_limit import Budget
from bridge.core.model import Body, Change, Decision, Event, Job, Json, Outcome, Retry
from bridge.core.objects import object_schemas
from bridge.core.requests import request_of
from bridge.core.rules.parser import Rule, Vocabulary, parse
from bridge.core.yaml_document import read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOLATILE: Mapping[str, frozenset[str]] = {"leg": frozenset({"upload_rate", "download_rate"})}

VOCABULARY = Vocabulary(
    operations={
        "bond.restart": ("bond",),
        "bond.restore_to_primary_agg": ("bond",),
        "bond_tuning.accept": ("bond", "tuning"),
        "bond_tuning.decline": ("bond", "tuning"),
        "leg.detect_mtus": ("leg",),
    },
    channels={"noc": 2, "boss": 1},
    webhooks=frozenset({"chat"}),
)


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def body(kind: str, **given: Any) -> dict[str, Any]:
    """A whole body of a kind: what is not given is None."""
    blank = schema.blank(object_schemas.BODIES[kind])
    unknown = set(given) - set(blank)
    assert not unknown, f"{kind} has no {unknown}"
    return {**blank, **given}


def change(kind: str, before: Body | None, after: Body | None) -> Change:
    """A change with the fields in which the two differ."""
    fields = (
        frozenset(n for n in after if before[n] != after[n]) if before and after else frozenset()
    )
    return Change(kind, "7", before, after, fields)


def rules(text: str, vocabulary: Vocabulary = VOCABULARY) -> list[Rule]:
    """The rules of a file that has nothing wrong."""
    found, problems = parse(read(text, "rules/test.yaml"), vocabulary)
    assert not problems, [str(problem) for problem in problems]
    return found


def rule(text: str) -> Rule:
    """The one rule of a file."""
    (one,) = rules(text)
    return one


def event(
    name: str, identifier: str = "e1", *, time: datetime = NOW, server: str = "main", **nouns: Any
) -> Event:
    """An event of this type; each noun is given by the fields it has, the others are None."""
    row = EVENTS.get(name) or VOCABULARY.event_types[name]
    data = schema.blank(row.shape["event"]["data"])
    for noun, fields in nouns.items():
        data[noun] = {**data[noun], **fields} if isinstance(data[noun], dict) else fields
    return Event(identifier, name, server, f"{row.kind or 'test'}/7", time, time, data)


def context(now: datetime = NOW, *, forced_live: bool = False) -> EvaluationContext:
    """Where a decision is made."""
    return EvaluationContext("book", now, forced_live)


class Answering(QuestionedFacts):
    """A source in which every question of a kind, by its stored word, has the same answer."""

    def __init__(self, answers: Mapping[str, Json]) -> None:
        self._answers = {"counted": 0, **answers}

    def _answer(self, ask: Ask[Answer], *question: Json) -> Answer:  # noqa: ARG002  asks nobody
        answer: Answer = self._answers.get(question[0])
        return answer

    def budget(self) -> Budget:
        """Without a clock."""
        return Budget()


def answering(**answers: Json) -> RecordingFacts:
    """Facts in which every question of a kind has the same answer; others have none."""
    return RecordingFacts(Answering(answers))


def memory(*known: Rule, now: datetime = NOW, **more: Any) -> InMemoryFacts:
    """What a rehearsal remembers, before anything has happened."""
    return InMemoryFacts({each.id: each for each in known}, now, **more)


def decide(
    book: Iterable[Rule],
    batch: Sequence[Event],
    remembered: InMemoryFacts,
    here: EvaluationContext | None = None,
) -> list[Decision]:
    """One batch: every rule that listens meets every event, and what is decided counts for those
    after it.
    """
    listening = evaluate.listening(book)
    made = []
    for one in batch:
        remembered.happen(one)
    for one in batch:
        for each in listening.get(one.type, ()):
            made.append(
                evaluate.evaluate(
                    each, one, RecordingFacts(remembered), here or context(remembered.now)
                )
            )
            remembered.fold(made[-1])
    return made


RESTART = "do: [{call: bond.restart, with: {bond: '${bond.id}'}}]"
COOLING = f"id: a\nwhen: leg.down\nguard: {{cooldown: {{every: 10m, per: bond}}}}\n{RESTART}"


def down(
    identifier: str = "e1", bond: int = 3, *, time: datetime = NOW, name: str | None = "cable"
) -> Event:
    """A leg of this bond is down."""
    return event(
        "leg.down",
        identifier,
        time=time,
        leg={"name": name, "id": 7},
        bond={"id": bond, "name": "acme"},
    )


def job(
    *, on: frozenset[Outcome] = frozenset(), attempts: int = 1, not_after: float = 900, **given: Any
) -> Job:
    """A job that has been tried so often."""
    about: dict[str, Any] = {
        "id": "j",
        "decision": "d",
        "event": "e",
        "rule": "r",
        "server": "main",
        "step": 0,
        "action": "call",
        "request": {},
        **given,
    }
    about["request"] = request_of(about["action"], about["request"])
    retry = Retry(on, 60.0, not_after)
    return Job(retry=retry, due_at=NOW, not_after=later(not_after), attempts=attempts, **about)


FACTS_OF_LEG: Body = {
    "leg": body("leg", id=7, name="cable", state="down", bond=3, type="mobile"),
    "bond": {**schema.blank(schema.BOND_NOUN), "id": 3, "name": "acme"},
}
