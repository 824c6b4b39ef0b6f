"""What rules may name: events, operations, channels, webhooks. The settings and the catalogues say
what there is.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bridge.core.chat.roles import Role
from bridge.core.events import builder
from bridge.core.model import Body, Json


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may name: writing operations with their arguments, channels with their number of
    targets, webhooks.

    `takes`: the operations that carry an object's fields, and whether they need any. `refused`:
    names that cannot be called here, why, and how to mend it. `wrong`: why a value cannot be the
    argument of this name, or nothing. `secret`: which of the fields that a call sets are secret.
    `webhooks` come in, `hooks` go out. `roles`: who may call an operation by a command, an operator
    where it is not there. `servers`: those that are watched.
    """

    operations: Mapping[str, tuple[str, ...]]
    channels: Mapping[str, int]
    webhooks: frozenset[str] = frozenset()
    takes: Mapping[str, bool] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    wrong: Callable[[str, Json], str] = lambda _name, _value: ""
    secret: Callable[[str, Body], Collection[str]] = lambda _operation, _fields: ()
    hooks: frozenset[str] = frozenset()
    roles: Mapping[str, Role] = field(default_factory=dict)
    servers: tuple[str, ...] = ()

    @property
    def event_types(self) -> Mapping[str, builder.EventType]:
        """Every event a rule can wait for."""
        return {
            **builder.EVENTS,
            **{f"webhook.{name}": builder.webhook(name) for name in self.webhooks},
        }

    def matching(self, pattern: str) -> frozenset[str]:
        """The events that a name or a glob stands for."""
        return frozenset(name for name in self.event_types if fnmatchcase(name, pattern))


def nearest(word: str, known: Iterable[str]) -> str:
    """`"did you mean 'leg.down'?"`, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return ""
