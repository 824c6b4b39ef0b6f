"""Who may do what: a table of roles by person, room and space."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from bridge.core import spaces


class Role(IntEnum):
    """What a person may do; each may all that those before it may. A viewer asks, an operator acts,
    an admin configures.
    """

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As it is written in settings and rules."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for a person (an id of the platform), in a room (its id), in spaces (globs of keys):
    empty means any.
    """

    role: Role
    user: str = ""
    room: str = ""
    spaces: tuple[str, ...] = ()
    # what the person is called here, so that one who comes by two ways is known as one
    name: str = ""


def held(grants: Sequence[Grant], unknown: Role | None, user: str, room: str) -> tuple[Grant, ...]:
    """The grants that this person has in this room, the widest role first; `unknown` is for those
    without any.
    """
    found = sorted(
        (each for each in grants if each.user in ("", user) and each.room in ("", room)),
        key=lambda each: -each.role,
    )
    return tuple(found) or ((Grant(unknown),) if unknown else ())


def role_in(grants: Sequence[Grant], space: str | None) -> Role | None:
    """The highest role among grants for one space; None where none is held. A space that is not
    known is in no glob.
    """
    return max((each.role for each in grants if reaches(each, space)), default=None)


def reaches(grant: Grant, space: str | None) -> bool:
    """Whether a grant is good in a space."""
    return not grant.spaces or spaces.within(space, grant.spaces)


def granted_spaces(grants: Sequence[Grant], needed: Role) -> tuple[str, ...] | None:
    """Globs of the spaces in which at least this role is held; None for everywhere, nothing for
    nowhere.
    """
    enough = [each for each in grants if each.role >= needed]
    if any(not each.spaces for each in enough):
        return None
    return tuple(sorted({glob for each in enough for glob in each.spaces}))
