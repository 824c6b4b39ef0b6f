"""Who speaks: what they are called, which roles they hold where, and so what they see and may
touch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.core import spaces
from bridge.core.chat.roles import Grant, Role, granted_spaces, role_in


@dataclass(frozen=True, slots=True)
class Principal:
    """`who`: as approvals and the audit name the person. `within`: globs of the spaces that their
    way in may touch, or None.
    """

    who: str
    grants: Sequence[Grant]
    within: Sequence[str] | None = None

    @property
    def highest(self) -> Role | None:
        """The highest role that is held anywhere."""
        return max((each.role for each in self.grants), default=None)

    def role(self, space: str | None) -> Role | None:
        """The role held in a space; in one that is not known only what is held everywhere."""
        inside = self.within is None or spaces.within(space, self.within)
        if inside:
            return role_in(self.grants, space)
        return None

    def everywhere(self, needed: Role) -> bool:
        """Whether the role is held without any limit."""
        return self.within is None and granted_spaces(self.grants, needed) is None

    def reach(self, needed: Role, known: Iterable[str]) -> list[str] | None:
        """Globs of the spaces in which the role is held; None for everywhere. `known`: every space
        there is.

        Where both the person and the way in are limited, the spaces themselves: two globs have no
        glob in common.
        """
        own = granted_spaces(self.grants, needed)
        if own is None:
            if self.within is None:
                return None
            return list(self.within)
        if self.within is None:
            return list(own)
        return sorted(
            key for key in set(known) if spaces.within(key, own) and spaces.within(key, self.within)
        )
