"""Who may answer a question, and what else keeps an answer from counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, RowMapping

from bridge.core import spaces
from bridge.core.chat.roles import Grant, Role, role_in
from bridge.core.model import Event, Job
from bridge.core.person_names import same
from bridge.core.spaces import Look, Space
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.store.decisions import approvals

FORBIDDEN = 403
STALE = 409


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers. `name`: as others are told of them.

    `identity`: as it would stand in a question's `asker`, None for nobody in particular, such as
    anyone who holds a link. `grants`: the roles of somebody in chat, None for anyone who may answer
    everything; `reach`: globs of the spaces in which what comes by this way may act, None for all.
    """

    name: str
    identity: str | None = None
    grants: Sequence[Grant] | None = None
    reach: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRefusal:
    """Why an answer does not count; `status` as HTTP has it: they may not, or it is not what was
    asked about any more.

    `why` stands in the journal; `told` is for the person who answered, who may not know of every
    space that there is.
    """

    why: str
    status: int
    unseen: bool = False

    @property
    def told(self) -> str:
        """Why, as far as it is theirs to know."""
        if self.unseen:
            return "this is no question that you may answer"
        return self.why


@dataclass(frozen=True, slots=True)
class Answered:
    """How a question is answered now, by which person and when; `first`: whether by the answer that
    was just given.

    `refused`: why that answer does not count, and then the state is as it was before. `event`: what
    it became in the journal. `about`: what was asked, a line each.
    """

    state: str
    who: str
    at: datetime | None
    first: bool
    refused: ApprovalRefusal | None = None
    event: Event | None = None
    about: tuple[str, ...] = ()


def known_as(platform: str, user: str, grants: Sequence[Grant]) -> str:
    """Who somebody in chat is: one name for all the ways by which they come, where the settings
    give them one.
    """
    named = (grant.name for grant in grants if grant.name and grant.user == user)
    return next(named, f"{platform}/{user}")


def asker_of(events: Sequence[Event]) -> str | None:
    """Whose command brought these about; None where nobody's did."""
    for event in events:
        if event.type == "chat.command":
            return (event.data.get("chat") or {}).get("who")
    return None


def against(
    connection: Connection,
    row: RowMapping,
    held: Sequence[Job],
    by: Answerer,
    now: datetime,
    *,
    yes: bool,
    plan: str | None,
) -> ApprovalRefusal | None:
    """What keeps this answer to an open question from counting; `plan`: the digest of what it was
    given to, where it says.

    A no to a plan that has changed is still a no: nothing of it is done. A yes never is, and the
    question stays until it ends.
    """
    if plan is not None and plan != row["digest"]:
        return ApprovalRefusal("this was asked about another plan", STALE)
    if yes and approvals.digest(held) != row["digest"]:
        return ApprovalRefusal(
            "what would be done is not what was asked about any more: only a no counts now", STALE
        )
    return _nobody(row, by, yes=yes) or _role(connection, row, held, by, now)


def _nobody(row: RowMapping, by: Answerer, *, yes: bool) -> ApprovalRefusal | None:
    if row["answered_by"] == approvals.ASKER and by.identity != row["asker"]:
        return ApprovalRefusal(f"only {row['asker']}, who asked for it, can confirm it", FORBIDDEN)
    if row["answered_by"] != approvals.OTHERS:
        return None
    if by.identity is None:
        return ApprovalRefusal("only somebody whose name is known can answer this", FORBIDDEN)
    # a name that only looks like another's is no second person; to take back what one asked for
    # needs nobody else
    theirs = row["asker"] is not None and same(by.identity, row["asker"])
    if theirs and yes:
        return ApprovalRefusal(
            "the person who asked for it cannot say yes to it: somebody else must", FORBIDDEN
        )
    return None


def _role(
    connection: Connection, row: RowMapping, held: Sequence[Job], by: Answerer, now: datetime
) -> ApprovalRefusal | None:
    """The role must be held in the space of every bond of the plan."""
    if by.grants is None and by.reach is None:
        return None
    needed = Role[row["role"].upper()]
    for space in sorted(spaces_of_plan(connection, row["server"], held, now), key=str):
        if space is not None:
            where = f"in space {space}"
        else:
            where = "everywhere, since the plan names no bond of a known space"
        if by.reach is not None and not spaces.within(space, by.reach):
            return ApprovalRefusal(
                "what comes by this webhook acts only in other spaces", FORBIDDEN
            )
        if by.grants is not None:
            has = role_in(by.grants, space)
        else:
            has = Role.ADMIN
        if has is None or has < needed:
            return ApprovalRefusal(
                f"it needs the role {needed.word} {where}",
                FORBIDDEN,
                unseen=has is None and space is not None,
            )
    return None


def spaces_of_plan(
    connection: Connection, server: str, jobs: Sequence[Job], now: datetime
) -> frozenset[Space]:
    """The spaces that the calls of a plan are about; of one without calls, none that is known."""
    return spaces.spaces_of(jobs, look_at(connection, server, now))


def look_at(connection: Connection, server: str, now: datetime) -> Look:
    """How objects of a server are looked up, for questions about their spaces."""
    return partial(DatabaseFacts(connection, server, now, {}).view, server)
