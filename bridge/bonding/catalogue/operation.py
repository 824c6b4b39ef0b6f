"""What a row of the catalogue is: one operation, or one kind of object."""

import string
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.model import Repeat

ROOT = "/api/v4"


class Danger(StrEnum):
    """How much harm a call can do; decides what a rule may call without being allowed to by
    name.
    """

    READ = "read"
    OPERATE = "operate"
    CONFIGURE = "configure"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one URI.

    `path` is relative to ROOT; its `{names}` are the arguments, integers but for `{space}`, which
    is the space's key. `kind` is the kind of object it is about, where KINDS has one. `takes`: the
    request carries an object's fields. `note` is the vendor's own precondition, in our words.
    `proof` names the function of `bonding.effect_checks` that can tell from later reads whether the
    call took effect; without one, an unknown outcome stays unknown. `zipped`: the answer is a zip
    file. `private`: listed by the vendor as not for us; never called.
    """

    name: str
    method: str
    path: str
    kind: str | None = None
    paged: bool = False
    takes: bool = False
    repeat: Repeat = Repeat.READ
    danger: Danger = Danger.READ
    note: str = ""
    proof: str | None = None
    zipped: bool = False
    private: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names in the path, in order: `("bond", "tuning")`."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.path) if name)

    @property
    def writes(self) -> bool:
        """Whether the call is meant to change something on the server."""
        return self.danger is not Danger.READ


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    `collection` is the operation whose list is diffed (its one canonical collection), or whose
    answer is the one object there is (then `by` is empty); `single` the one that reads one by its
    own address; `by` the field that identifies it within its scope. `volatile` fields change on
    every read: kept, never compared. `secret` fields of the vendor's JSON become keyed digests
    before anything can store them; so does, inside any object it refers to, whatever SECRET_INSIDE
    names. `unique` fields name one object on the whole server: what has the same value is the same
    object.
    """

    name: str
    collection: str
    single: str | None = None
    by: str = "id"
    volatile: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
