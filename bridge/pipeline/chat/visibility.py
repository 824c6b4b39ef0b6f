"""What somebody in chat may see: an event is where what it names is; what is nowhere is for those
who see everything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.core.chat.principal import Principal
from bridge.core.chat.roles import Role
from bridge.core.model import Event, Job, Json
from bridge.pipeline.approvals.eligibility import spaces_of
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.store.decisions import approvals
from bridge.store.decisions import jobs as job_store

# what says nothing new of where it is, and what another system says of itself
_NO_NOUNS = frozenset({"old", "new", "body"})


def sees(connection: Connection, asker: Principal, event: Event, now: datetime) -> bool:
    """Whether this person may be told of the event; what they said themselves they may always be
    reminded of.
    """
    if asker.everywhere(Role.VIEWER) or (event.data.get("chat") or {}).get("who") == asker.who:
        return True
    found = _spaces(connection, event, now)
    return bool(found) and all(
        space is not None and asker.role(space) is not None for space in found
    )


def operates(connection: Connection, asker: Principal, event: Event, now: datetime) -> bool:
    """Whether this person is an operator wherever the event is; of what is nowhere, whether they
    are one everywhere.
    """
    if asker.everywhere(Role.OPERATOR):
        return True
    roles = [
        asker.role(space) if space is not None else None
        for space in _spaces(connection, event, now)
    ]
    return bool(roles) and all(role is not None and role >= Role.OPERATOR for role in roles)


def sees_all(
    connection: Connection, asker: Principal, server: str, jobs: Sequence[Job], now: datetime
) -> bool:
    """Whether everything that these calls touch may be seen."""
    return all(asker.role(space) is not None for space in spaces_of(connection, server, jobs, now))


def _spaces(connection: Connection, event: Event, now: datetime) -> set[str | None]:
    """The spaces of everything that the event names; None for what is in a space that is not
    known.
    """
    asked = event.data.get("approval")
    if asked:
        row = approvals.get(connection, str(asked.get("id")))
        if row is not None:
            owed = job_store.of_decision(connection, row["decision"])
        else:
            owed = []
        return spaces_of(connection, event.server, [job for job in owed if job.parent is None], now)
    answers = DatabaseFacts(connection, event.server, now, {})
    found: set[str | None] = set()
    for name, noun in event.data.items():
        if name in _NO_NOUNS or not isinstance(noun, Mapping):
            continue
        if name == "job":
            said = noun.get("arguments")
        else:
            said = noun
        found |= _of_noun(answers, event.server, name, said if isinstance(said, Mapping) else {})
    return found


def _of_noun(
    answers: DatabaseFacts, server: str, name: str, noun: Mapping[str, Json]
) -> set[str | None]:
    """The space of one noun, or of the call of one; nothing for what is in no space."""
    space = noun.get("space")
    if isinstance(space, Mapping) and space.get("key") is not None:
        return {str(space["key"])}
    if name in ("job", "space"):
        if name == "space":
            key = noun.get("key")
        else:
            key = space
        if key is not None:
            return {str(key)}
    if name == "bond":
        bond = noun.get("id")
    else:
        bond = noun.get("bond")
    if bond is None and noun.get("leg") is not None:
        bond = (answers.view(server, "leg", noun["leg"]) or {}).get("bond")
    if bond is None:
        return set()
    return {((answers.view(server, "bond", bond) or {}).get("space") or {}).get("key")}
