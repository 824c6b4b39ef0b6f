"""The JSON Schema of a rule file, so that an editor completes and checks it while it is written."""

from collections.abc import Mapping, Sequence

from bridge.core.model import Json
from bridge.core.rules.models.rule import RuleModel
from bridge.core.rules.vocabulary import Vocabulary

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_GLOB = {"type": "string", "pattern": r"[*?\[]"}


def schema_of(vocabulary: Vocabulary | None = None) -> Mapping[str, Json]:
    """The schema of a file: one rule, or a list of them. With a vocabulary, the names of its words
    are offered.
    """
    made = RuleModel.model_json_schema(mode="validation")
    if vocabulary:
        offers = _offers(vocabulary)
    else:
        offers = {}
    definitions = {name: _finished(each, offers) for name, each in made.pop("$defs").items()}
    rule = {"$ref": "#/$defs/RuleModel"}
    return {
        "$schema": _DIALECT,
        "title": "bondbridge rules",
        "description": "One rule, or a list of rules.",
        "anyOf": [rule, {"type": "array", "items": rule}],
        "$defs": {**definitions, "RuleModel": _finished(made, offers)},
    }


def _offers(vocabulary: Vocabulary) -> Mapping[str, Sequence[Json]]:
    """What may stand where the models say that a word is offered."""
    events: Json = {"enum": sorted(vocabulary.event_types)}
    return {
        "events": [events, _GLOB],
        "event": [events],
        "operation": [{"enum": sorted(vocabulary.operations.keys() - vocabulary.refused.keys())}],
        "channel": [{"enum": sorted(vocabulary.channels)}],
        "hook": [{"enum": sorted(vocabulary.hooks)}],
    }


def _finished(part: Json, offers: Mapping[str, Sequence[Json]]) -> Json:
    """Without null, which no key takes, without pydantic's titles, and with the words that are
    offered.
    """
    if isinstance(part, list):
        return [_finished(each, offers) for each in part if each != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    kept = {
        name: below
        for name, below in part.items()
        if name not in ("title", "offers") or isinstance(below, dict)
    }
    if kept.get("default", 0) is None:
        del kept["default"]
    finished = {name: _finished(below, offers) for name, below in kept.items()}
    if isinstance(part.get("offers"), str):
        words = offers.get(part["offers"], ())
    else:
        words = ()
    if words:
        return {**finished, "anyOf": list(words)}
    return finished
