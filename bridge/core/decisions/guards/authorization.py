"""What others ask for: whether they may, and only where they may. Before anything else, and again
before each attempt.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bridge.core.chat.roles import Role
from bridge.core.decisions.guards.intent import Intent, skip
from bridge.core.model import Event, Job, Json, Reason, Ruling, Verdict
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
    """Whoever asked for it chooses no target outside their spaces; an object whose space is not
    known is outside.
    """
    for event in intent.events:
        globs = event.data.get("reach")
        if globs is None:
            continue
        for job in [intent.job] if intent.job else intent.jobs:
            for what, key in _touched(intent, event, job):
                if key is None or not any(fnmatchcase(key, str(glob)) for glob in globs):
                    return skip(Reason.SPACE, _outside(what, key, globs))
    return None


def confirmation(intent: Intent) -> Verdict | None:
    """Whoever said the command is asked whether they are sure, where nobody else is asked."""
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
        f"whoever asked for it acts only in {', '.join(map(str, globs)) or 'no space at all'};"
        f" {where}"
    )


def _touched(intent: Intent, event: Event, job: Job) -> Iterator[tuple[str, str | None]]:
    """Every object that a job names, and the key of its space; what is in no space that we could
    know has none.
    """
    if job.action == "call":
        arguments = job.request["arguments"]
        named = [name for name in ("bond", "leg", "space") if arguments.get(name) is not None]
        for name in named:
            yield f"{name} {arguments[name]}", _space(intent, name, arguments[name])
        if not named:
            yield str(job.request["operation"]), None
    elif job.action == "silence":
        per = str(job.request.get("per"))
        noun = event.data.get("bond" if per == "space" and event.data.get("bond") else per) or {}
        yield f"this {per}", _key(noun) if per == "space" else _space(intent, per, noun.get("id"))


def _space(intent: Intent, kind: str, identifier: Json) -> str | None:
    if kind == "space":
        return str(identifier)
    if kind == "leg":
        leg = intent.facts.view(intent.server, "leg", identifier) or {}
        kind, identifier = "bond", leg.get("bond")
    if kind != "bond" or identifier is None:
        return None
    return _key(intent.facts.view(intent.server, "bond", identifier) or {})


def _key(noun: Json) -> str | None:
    """Of a bond that of its space, of a space its own."""
    key = (noun.get("space") or {}).get("key") or noun.get("key")
    if key is None:
        return None
    return str(key)
