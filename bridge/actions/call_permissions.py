"""What rules may call: which operations there are for them, and which only if the settings allow
it.
"""

from collections.abc import Collection, Iterator, Mapping

from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, KINDS, OPERATIONS, Danger, Operation
from bridge.bonding.wire import hidden
from bridge.core.chat.roles import Role
from bridge.core.model import Body

# operations that are the bridge's own, by name, with their arguments; they change nothing on the
# server
OWN: Mapping[str, tuple[str, ...]] = {"backup.fetch": ()}

_READING = (
    "what the bridge has read stands in the event; `bondbridge call --list` says what operates,"
    " configures, administers"
)


def callable_operations() -> Mapping[str, tuple[str, ...]]:
    """Every name a rule may write after `call`, with the arguments it takes."""
    written = {name: row.arguments for name, row in OPERATIONS.items() if row.writes}
    aliases = {name: alias.arguments for name, alias in ALIASES.items() if alias.sample.writes}
    return {**written, **aliases, **OWN}


def taking() -> Mapping[str, bool]:
    """Every operation that carries an object's fields, and whether it makes no sense without
    any.
    """
    return {name: row.danger is not Danger.OPERATE for name, row in _rows() if row.takes}


def secret(operation: str, fields: Body) -> Collection[str]:
    """Those of an operation's fields that nobody may read: they are kept as the places where the
    secrets stand.
    """
    if operation in ALIASES:
        row = ALIASES[operation].sample
    else:
        row = OPERATIONS[operation]
    return hidden(fields, KINDS[row.kind].secret if row.kind in KINDS else frozenset())


def roles() -> Mapping[str, Role]:
    """Who may call each operation by a command in chat: what configures or administers is an
    admin's.
    """
    return {
        name: Role.OPERATOR if row.danger is Danger.OPERATE else Role.ADMIN for name, row in _rows()
    }


def refused(allow: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Every name that cannot be called from a rule: why, and how to mend it.

    Those that only read, that are impossible, and that are not allowed.
    """
    reading = {
        name: (f"{name} only reads; a rule calls what writes", _READING) for name in _reads()
    }
    impossible = {name: (why, "") for name, why in IMPOSSIBLE.items()}
    return {
        **reading,
        **impossible,
        **{name: said for name, row in _rows() if (said := _forbidden(name, row, allow))},
    }


def _reads() -> Iterator[str]:
    yield from (name for name, row in OPERATIONS.items() if not row.writes)
    yield from (name for name, alias in ALIASES.items() if not alias.sample.writes)


def _rows() -> Iterator[tuple[str, Operation]]:
    yield from ((name, row) for name, row in OPERATIONS.items() if row.writes)
    yield from ((name, alias.sample) for name, alias in ALIASES.items() if alias.sample.writes)


def _forbidden(name: str, row: Operation, allow: Collection[str]) -> tuple[str, str] | None:
    if row.danger is Danger.OPERATE or name in allow:
        return None
    if row.danger is Danger.CONFIGURE:
        mend = f"write `allow: [configure]` or `allow: [{name}]` in the settings"
        if Danger.CONFIGURE in allow:
            return None
        return (f"{name} changes the configuration, which is not allowed", mend)
    return (
        f"{name} administers the server, which is allowed by name only",
        f"write `allow: [{name}]` in the settings",
    )
