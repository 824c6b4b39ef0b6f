"""Who asks: logins, what their groups let them do, which spaces they see.

Source: the vendor's pages on access control (log in with e-mail and password) and on users, groups
and permissions (permissions come from groups; a user sees their home space and what lies below it).
Tokens: seen on later servers.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from werkzeug.wrappers import Request

from bridge.bonding.catalogue import Operation
from bridge.simulator.schema.computed_fields import space_of
from bridge.simulator.schema.kinds_server import PERMISSIONS
from bridge.simulator.schema.rest_framework import ServerOptions, VendorError
from bridge.simulator.world.entities import Record, Thing
from bridge.simulator.world.world import World

ADMINISTRATOR = "Administrator"
VIEW = "View"
_VERBS = {"GET": "view", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_FORBIDDEN = "You do not have permission to perform this action."


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in whatever the world says; one who is `read_only` gets 403 for every
    write.
    """

    name: str
    password: str = field(repr=False)
    read_only: bool = False


USERS = (User("demo@example.com", "demo"), User("viewer@example.com", "demo", read_only=True))


class Caller:
    """The user behind one request: `home` is the key of their home space."""

    def __init__(self, world: World, user: Record) -> None:
        self.user = user
        self.home: str = user.values.get("space", "root")
        groups = (world.of("group").get(number) for number in user.values.get("groups", ()))
        self._codes = frozenset(
            code for group in groups if group for code in group.values.get("permissions", ())
        )
        self._world = world

    @cached_property
    def _spaces(self) -> frozenset[str] | None:
        if self._world.spaces[self.home].parent is None:
            return None
        return self._world.below(self.home)

    def sees(self, world: World, thing: Thing) -> bool:
        """Whether a thing is in a space of theirs, or in none."""
        if self._spaces is None:
            return True
        space = space_of(world, thing)
        return space is None or space in self._spaces

    def seen(self, world: World, things: Iterable[Thing]) -> list[Thing]:
        """Keep what they see."""
        if self._spaces is None:
            return list(things)
        return [thing for thing in things if self.sees(world, thing)]

    def may(self, row: Operation) -> bool:
        """Whether their groups allow an operation. What is about no kind of object is for everybody
        to read.
        """
        code = needed(row)
        return code is None or code in self._codes


def needed(row: Operation) -> str | None:
    """The code of the permission that an operation needs: that of the kind it is about."""
    if row.kind is None:
        if row.writes:
            return "bonding.change_settings"
        return None
    creates = row.takes and row.name.rpartition(".")[2] in {"create", "start"}
    return f"bonding.{_VERBS.get(row.method, 'add' if creates else 'change')}_{row.kind}"


def check(asker: Caller, row: Operation) -> None:
    """Problem 403 where their groups do not allow an operation."""
    if not asker.may(row):
        raise VendorError(403, _FORBIDDEN)


def ensure(world: World, users: Sequence[User]) -> None:
    """Let these log in: each becomes an object of the world, in the group that fits, in the root
    space.
    """
    groups = {group.values["name"]: group.id for group in world.of("group").values()}
    for user in users:
        if user.read_only:
            name = VIEW
        else:
            name = ADMINISTRATOR
        if name not in groups:
            groups[name] = group(
                world,
                name,
                [code for code in PERMISSIONS if not user.read_only or ".view_" in code],
            ).id
        found = next(
            (it for it in world.of("user").values() if it.values["email"] == user.name), None
        )
        if found is None:
            number = world.number("user", world.of("user"))
            found = world.of("user")[number] = Record(
                "user", number, values={"email": user.name, "space": "root"}
            )
        found.values |= {"password": user.password, "groups": [groups[name]], "active": True}


def group(world: World, name: str, permissions: Sequence[str]) -> Record:
    """Put a group into the world."""
    number = world.number("group", world.of("group"))
    made = Record("group", number, values={"name": name, "permissions": list(permissions)})
    world.of("group")[number] = made
    return made


def authenticate(request: Request, world: World, ways: ServerOptions) -> Caller:
    """Find out who asks. Problem 401 (or 403, as `ways` says) without or with wrong credentials."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "token" and ways.tokens:
        found = _find(world, rest.strip(), lambda user: token(world, user), "Invalid token.", ways)
        return Caller(world, found)
    if scheme.lower() != "basic":
        raise _stranger("Authentication credentials were not provided.", ways)
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _stranger(
            "Invalid basic header. Credentials not correctly base64 encoded.", ways
        ) from None
    return Caller(world, _proven(world, name, password, ways))


def log_in(world: World, body: dict[str, object], ways: ServerOptions) -> dict[str, str]:
    """Give the token for an e-mail address and a password. Problem 400 for wrong ones."""
    missing = {
        name: ["This field is required."] for name in ("email", "password") if name not in body
    }
    if missing:
        raise VendorError(400, body=missing)
    try:
        user = _proven(world, str(body["email"]), str(body["password"]), ways)
    except VendorError:
        raise VendorError(
            400, body={"non_field_errors": ["Unable to log in with provided credentials."]}
        ) from None
    return {"auth_token": token(world, user)}


def token(world: World, user: Record) -> str:
    """A user's token: the same until their password changes, so there is nothing to keep."""
    secret = f"{world.seed}:{user.id}:{user.values.get('password', '')}"
    return hashlib.sha256(secret.encode()).hexdigest()[:40]


def _proven(world: World, name: str, password: str, ways: ServerOptions) -> Record:
    def credentials(user: Record) -> str:
        return f"{user.values['email']}:{user.values.get('password', '')}"

    return _find(world, f"{name}:{password}", credentials, "Invalid username/password.", ways)


def _find(
    world: World, given: str, known: Callable[[Record], str], wrong: str, ways: ServerOptions
) -> Record:
    found = None
    for user in world.of("user").values():  # all of them: the time taken tells nothing
        if hmac.compare_digest(given.encode(), known(user).encode()):
            found = user
    if found is None:
        raise _stranger(wrong, ways)
    if not found.values.get("active", True):
        raise _stranger("User inactive or deleted.", ways)
    return found


def _stranger(detail: str, ways: ServerOptions) -> VendorError:
    if not ways.challenge:
        return VendorError(403, detail)
    return VendorError(401, detail, WWW_Authenticate='Basic realm="api"')
