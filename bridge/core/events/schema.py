"""The shape of what a rule can see: every noun and its fields, so that a path can be checked before
a rule is live.

FREE marks a place below which anything may stand, such as the body of an incoming webhook.
"""

from collections.abc import Mapping
from typing import Any

from bridge.core import value_types
from bridge.core.model import Outcome, Reason
from bridge.core.objects.object_schemas import BODIES, FREE, LEAF, Schema, fields
from bridge.core.value_types import Leaf, Type

# What an event says about the bond it concerns: the bond itself and where it is.
BOND_NOUN: Schema = {**BODIES["bond"], **fields("current")}
_AGGREGATOR_NOUN = fields("id name")
# `cause`: the id of the event that the job answers
_OUTCOME = f"outcome:{'|'.join(Outcome)}"
_JOB_NOUN = fields(f"id:text rule cause operation {_OUTCOME} detail", arguments=FREE)

NOUNS: Mapping[str, Schema] = {
    **BODIES,
    "bond": BOND_NOUN,
    "primary": _AGGREGATOR_NOUN,
    "current": _AGGREGATOR_NOUN,
    "job": _JOB_NOUN,
    # cause: which kind of thing it is that its members have in common; numbers of bonds and legs
    # that it took down, and of those that are still down when it is over, `left` being the names of
    # the first of these bonds
    "incident": fields(
        "id:text cause:aggregator|provider|space|server key name state:suspected|failed|open|over"
        " began ended bonds:whole legs:whole bonds_down:whole legs_down:whole left"
    ),
    # how often the leg's standing changed in this spell, and since when
    "flapping": fields("changes since"),
    "scope": fields("name objects"),
    "problem": fields("text"),
    # what was set aside because our own code failed on it: at which step, what it is, on which
    # server, what was raised
    "fault": fields("step about server detail"),
    # which rule the clock has called, and for when
    "schedule": fields("rule at"),
    "rule": fields("id:text detail"),
    # what people were told of, an event by its id and type, and who has acknowledged it now
    "telling": fields("event type title who"),
    # one address of a channel, which takes nothing since then; what it last said
    "channel": fields("name address:whole since detail"),
    # what is to be approved and why it must be, in which channel and until when; `asker` brought
    # it about, `who` has decided, or was refused, and `why`
    "approval": fields(f"id:text rule reason:{'|'.join(Reason)} detail to expires asker who why"),
    # server: null where all are meant
    "pause": fields("server who why place"),
    # what a person did, from where (command line and host, page or API and address, chat room), to
    # what, why and until when; `override`: which guards were against a call by hand that was made
    # all the same
    "operator": fields("who place what about why until override"),
    # what the server wrote: types and lengths, never values
    "sample": FREE,
    "body": FREE,
    # globs of the spaces that what comes of it may touch; null for all
    "reach": LEAF,
    # what a person said in chat: `args` as they were understood, `text` as it was said; `who` as
    # approvals and the audit name the person; `role`: the one they hold where it would act
    "chat": fields(
        "command text role:viewer|operator|admin who platform webhook",
        args=FREE,
        user=fields("id:text name"),
        room=fields("id:text name"),
    ),
    # why a command came to nothing, in one word and in a sentence
    "refusal": fields("why text"),
    # of a command, one of a bond
    "tuning": BODIES["bond_tuning"],
    # ids of the events that a rule has put together
    "events": FREE,
}


# What the bridge knew about an event when it was decided: the id of the incident that owns it,
# whether its leg flaps, what
# explains it (an action, a tuning, a test), until when somebody works on its bond, whether it was
# over when found, how many of our own actions led to it, one after another.
KNOWN = fields("incident flapping explained hands_off over depth")
# what is looked up in the view has its fields, and of an aggregator also whether it has failed
VIEWED: Mapping[str, Schema] = {
    **BODIES,
    "bond": BOND_NOUN,
    "aggregator": {**BODIES["aggregator"], **fields("failed")},
}


def of_event(
    nouns: tuple[str, ...],
    kind: str | None,
    body: Schema | None,
    absent: frozenset[str] = frozenset(),
) -> Schema:
    """What an expression sees when it meets an event with these nouns, whose object has this body.

    Nouns stand under `event.data` and, for short, at the root; `old` and `new` are the object
    before and after, `absent` which of the two is always null, `changed` the names of the fields
    that differ, `between` the two polls it happened between, `over` whether it was over when it was
    found. A `tuning` is one of a bond or of a leg, as the event's kind is. `events` are all that
    met the rule together, `view` is what the bridge sees now: of neither is more known before there
    are some.
    """
    data = {noun: BODIES[kind] if noun == "tuning" and kind else NOUNS[noun] for noun in nouns}
    if body is not None:
        change = {
            name: Leaf(value_types.NULL) if name in absent else body for name in ("old", "new")
        }
    else:
        change = {}
    if body is not None:
        beside = _of_change(body)
    else:
        beside = {}
    event = {**fields("id:text type server subject time"), "data": {**data, **change, **beside}}
    told = {
        "event": event,
        "events": FREE,
        "known": KNOWN,
        "view": Leaf(value_types.VIEW),
        **fields("server now"),
    }
    return {**data, **change, **told}


def _of_change(body: Schema) -> Schema:
    """`changed`: names of fields, of the server's own with `other.` before it; `between`: two
    moments.
    """
    if "other" in body:
        names = value_types.TEXT
    else:
        names = Type("text", frozenset(body))
    return {
        "changed": Leaf(Type("list", of=names)),
        "between": Leaf(value_types.TEXTS),
        **fields("over"),
    }


# what an expression after a call may speak of: objects of the event as they are by then
_VERIFIED = ("bond", "leg", "tuning", "aggregator", "primary", "current")


def of_verify(shape: Schema) -> Schema:
    """What `verify.expect` sees, from what the rule's other expressions see: the event's objects,
    newly read, and the view.
    """
    return {
        **{noun: shape[noun] for noun in _VERIFIED if noun in shape},
        "view": Leaf(value_types.VIEW),
    }


def of_failure(shape: Schema) -> Schema:
    """What expressions below `on_failure` see: what the others see, and the job that failed."""
    return {**shape, "job": fields(f"id:text operation {_OUTCOME} detail", arguments=FREE)}


def blank(schema: Schema) -> Any:
    """A value of this shape with nothing in it: every leaf None."""
    if not schema or "*" in schema:
        return None
    return {name: blank(below) for name, below in schema.items()}


def missing(schema: Schema, path: tuple[str, ...]) -> tuple[str, Schema] | None:
    """The first part of a dotted path that this shape does not have, and what stands there instead;
    None if all do.
    """
    here = schema
    for part in path:
        if "*" in here:
            return None
        if part not in here:
            return part, here
        here = here[part]
    return None
