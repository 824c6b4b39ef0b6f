"""The shape of what a rule can see: every noun and its fields, so that a path can be checked before a rule is live.

FREE marks a place below which anything may stand, such as the body of an incoming webhook.
"""

from collections.abc import Mapping
from typing import Any

from bridge.core.bodies import BODIES, FREE, LEAF, Schema, fields

# What an event says about the bond it concerns: the bond itself and where it is.
BOND_NOUN: Schema = {**BODIES["bond"], "current": LEAF}
_AGGREGATOR_NOUN = fields("id name")
# `cause`: the id of the event that the job answers
_JOB_NOUN = fields("id rule cause operation outcome detail", arguments=FREE)

NOUNS: Mapping[str, Schema] = {
    **BODIES,
    "bond": BOND_NOUN,
    "primary": _AGGREGATOR_NOUN,
    "current": _AGGREGATOR_NOUN,
    "job": _JOB_NOUN,
    # cause: which kind of thing it is that its members have in common; numbers of bonds and legs that it took down
    "incident": fields("id cause key name state began ended bonds legs"),
    # how often the leg's standing changed in this spell, and since when
    "flapping": fields("changes since"),
    "scope": fields("name objects"),
    "problem": fields("text"),
    # what the server wrote: types and lengths, never values
    "sample": FREE,
    "body": FREE,
}


# What the bridge knew about an event when it was decided: the id of the incident that owns it, whether its leg flaps, what
# explains it (an action, a tuning, a test), until when somebody works on its bond, whether it was over when found.
KNOWN = fields("incident flapping explained hands_off over")


def of_event(nouns: tuple[str, ...], kind: str | None, body: Schema | None) -> Schema:
    """What an expression sees when it meets an event with these nouns, whose object has this body.

    Nouns stand under `event.data` and, for short, at the root; `old` and `new` are the object before and after,
    `changed` the names of the fields that differ, `between` the two polls it happened between, `over` whether it was over
    when it was found. A `tuning` is one of a bond
    or of a leg, as the event's kind is.
    """
    data = {noun: BODIES[kind] if noun == "tuning" and kind else NOUNS[noun] for noun in nouns}
    change = {"old": body, "new": body} if body is not None else {}
    told = {"changed": LEAF, "between": LEAF, "over": LEAF} if body is not None else {}
    event = {**fields("id type server subject time"), "data": {**data, **change, **told}}
    return {**data, **change, "event": event, "known": KNOWN, "server": LEAF, "now": LEAF}


def blank(schema: Schema) -> Any:
    """A value of this shape with nothing in it: every leaf None."""
    if not schema or "*" in schema:
        return None
    return {name: blank(below) for name, below in schema.items()}


def missing(schema: Schema, path: tuple[str, ...]) -> tuple[str, Schema] | None:
    """The first part of a dotted path that this shape does not have, and what stands there instead; None if all do."""
    here = schema
    for part in path:
        if "*" in here:
            return None
        if part not in here:
            return part, here
        here = here[part]
    return None
