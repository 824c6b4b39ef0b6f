"""What others ask for: whether they may, and only where they may. Before anything else, and again
before each attempt.
"""

from collections.abc import Sequence
from functools import partial

from bridge.core import spaces
from bridge.core.chat.roles import Role
from bridge.core.decisions.guards.intent import Intent, skip
from bridge.core.model import Json, Reason, Ruling, Verdict
from bridge.core.rules.rule import Chat

# a command whose event names no role was said by nobody who has one
_NOBODY = 0


def role(intent: Intent) -> Verdict | None:
    """A person's command needs the role that its rule says, held where it would act."""
    shape = intent.rule.shape
    if not isinstance(shape, Chat):
        return None
    for event in intent.events:
        chat = event.data.get("chat") or {}
        held = str(chat.get("role") or "")
        if (Role[held.upper()] if held.upper() in Role.__members__ else _NOBODY) < shape.role:
            if held:
                has = f"has the role {held}"
            else:
                has = "has no role there"
            return skip(
                Reason.FORBIDDEN, f"{chat.get('who')} {has}, and it needs {shape.role.word}"
            )
    return None


def reach(intent: Intent) -> Verdict | None:
    """The person who asked for it chooses no target outside their spaces; an object whose space is
    not known is outside.
    """
    look = partial(intent.facts.view, intent.server)
    for event in intent.events:
        globs = event.data.get("reach")
        if globs is None:
            continue
        for job in [intent.job] if intent.job else intent.jobs:
            for what, key in spaces.touched(job, event, look):
                if not spaces.within(key, globs):
                    return skip(Reason.SPACE, _outside(what, key, globs))
    return None


def confirmation(intent: Intent) -> Verdict | None:
    """The person who said the command is asked whether they are sure, where nobody else is
    asked.
    """
    shape = intent.rule.shape
    if (
        not isinstance(shape, Chat)
        or not shape.sure
        or not any(job.action == "call" for job in intent.jobs)
    ):
        return None
    chat = intent.events[0].data.get("chat") or {}
    return Verdict(
        Ruling.ASK, Reason.CONFIRMATION, f"{chat.get('who')} is asked whether they are sure"
    )


def _outside(what: str, key: str | None, globs: Sequence[Json]) -> str:
    if key:
        where = f"{what} is in space {key}"
    else:
        where = f"nobody knows in which space {what} is"
    return (
        "the person who asked for it acts only in"
        f" {', '.join(map(str, globs)) or 'no space at all'};"
        f" {where}"
    )
