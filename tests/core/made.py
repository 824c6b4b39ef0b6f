"""Small values for the tests of core: a vocabulary, rules from text, events with every field there."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.core import bodies, schema
from bridge.core.document import read
from bridge.core.events import EVENTS
from bridge.core.model import Body, Change, Event
from bridge.core.rules import Rule, Vocabulary, parse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOLATILE: Mapping[str, frozenset[str]] = {"leg": frozenset({"upload_rate", "download_rate"})}

VOCABULARY = Vocabulary(
    operations={
        "bond.restart": ("bond",),
        "bond.restore_to_primary_agg": ("bond",),
        "bond_tuning.accept": ("bond", "tuning"),
    },
    channels={"noc": 2, "boss": 1},
    webhooks=frozenset({"chat"}),
)


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def body(kind: str, **given: Any) -> dict[str, Any]:
    """A whole body of a kind: what is not given is None."""
    blank = schema.blank(bodies.BODIES[kind])
    unknown = set(given) - set(blank)
    assert not unknown, f"{kind} has no {unknown}"
    return {**blank, **given}


def change(kind: str, before: Body | None, after: Body | None) -> Change:
    """A change with the fields in which the two differ."""
    fields = frozenset(n for n in after if before[n] != after[n]) if before and after else frozenset()
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


def event(name: str, identifier: str = "e1", *, time: datetime = NOW, server: str = "main", **nouns: Any) -> Event:
    """An event of this type; each noun is given by the fields it has, the others are None."""
    row = EVENTS.get(name) or VOCABULARY.event_types[name]
    data = schema.blank(row.shape["event"]["data"])
    for noun, fields in nouns.items():
        data[noun] = {**data[noun], **fields} if isinstance(data[noun], dict) else fields
    return Event(identifier, name, server, "test/7", time, time, data)


FACTS_OF_LEG: Body = {
    "leg": body("leg", id=7, name="cable", state="down", bond=3, type="mobile"),
    "bond": {**schema.blank(schema.BOND_NOUN), "id": 3, "name": "acme"},
}
