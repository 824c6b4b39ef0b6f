"""The scopes: what one poll covers completely, and how it is read. No I/O: reading goes through the
`Source` given.

A scope is called like the address it reads, without `system/` and `status/` before it: `legs`,
`bonds/12/routes`, `tlsinfo`. Where bonds are (`placements`) is asked of the aggregators (`bonds`,
`bonds_secondary`, `bonds_current` of each), because the bond's own field for it is not known.
Source: the vendor's v4 URI table.
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Protocol

from bridge.bonding.catalogue import KINDS, OPERATIONS
from bridge.bonding.wire import normalise, reference
from bridge.core.model import Body, Json, Seen
from bridge.errors import Garbled


class Source(Protocol):
    """A management server, as far as a scope needs it. Each raises Garbled, Unreachable,
    Refused.
    """

    def list(self, operation: str, /, **arguments: Json) -> list[Json]:
        """Every item of one complete list, in the vendor's JSON."""

    def get(self, operation: str, /, **arguments: Json) -> Json:
        """One document."""

    def certificate(self) -> Body | None:
        """What the TLS handshake itself shows; None where there is none."""


@dataclass(frozen=True, slots=True)
class Family:
    """Scopes that are alike. `template`: their name with the arguments in braces; `timing`: their
    key in the settings.
    """

    template: str
    kind: str
    operation: str
    timing: str

    @property
    def rotates(self) -> bool:
        """Whether it is read in rotation, as the request budget allows."""
        return self.timing in ROTATION


@dataclass(frozen=True, slots=True)
class Address:
    """A scope's family, and its arguments as the operation takes them."""

    family: Family
    arguments: Mapping[str, Json]


PLACEMENTS = "placements"
STATISTICS = "statistics"
PLACED = "placement"
HISTORIES = "histories"
TUNINGS = "tunings"

# what is read in rotation; everything else keeps to its interval
ROTATION = frozenset({TUNINGS, "speedtests", HISTORIES, "configuration"})

_TIMINGS = {
    "leg": "legs",
    "bond": "bonds",
    "aggregator": "aggregators",
    "node": "nodes",
    "backup": "backups",
    "bond_tuning": TUNINGS,
    "leg_tuning": TUNINGS,
    "speedtest": "speedtests",
    **dict.fromkeys(("config_updates", "failover_checks", "settings"), "status"),
    **dict.fromkeys(
        ("bonding_version", "repository", "certificate", "downtime_report", "versions", "iso"),
        "reports",
    ),
}

_LEG_TYPES = {"mobile_broadband": "mobile_broadband", "mobilebroadband": "mobile_broadband"}


def _template(path: str) -> str:
    return path.strip("/").removeprefix("system/").removeprefix("status/")


def _families() -> Iterator[Family]:
    yield Family(PLACEMENTS, PLACED, "aggregator.list", PLACEMENTS)
    yield Family(STATISTICS, "", "space.statistics", STATISTICS)
    for kind in KINDS.values():
        timing = _TIMINGS.get(kind.name, "configuration")
        operations = [kind.collection]
        if kind.name == "leg_tuning":
            operations = ["interface_leg_tuning.list", "mobile_broadband_leg_tuning.list"]
        for operation in operations:
            yield Family(_template(OPERATIONS[operation].path), kind.name, operation, timing)
    for leg in ("interface_leg", "mobile_broadband_leg"):
        row = OPERATIONS[f"{leg}.state_history"]
        yield Family(_template(row.path), "", row.name, HISTORIES)


FAMILIES: Mapping[str, Family] = {each.template: each for each in _families()}

# what a person can time in the settings
TIMINGS = tuple(dict.fromkeys(each.timing for each in FAMILIES.values()))

WHOLE = tuple(name for name in FAMILIES if "{" not in name)


def _pattern(template: str) -> re.Pattern[str]:
    """Which names a template stands for: a space is called by its key, everything else by a
    number.
    """
    escaped = re.escape(template).replace(r"\{space\}", "(?P<space>[^/]+)")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[0-9]+)", escaped))


# what the key of a space may be made of
_KEY = f"{string.ascii_letters}{string.digits}-_"

_PATTERNS = [(_pattern(name), each) for name, each in FAMILIES.items()]

# which scopes an object brings with it, by its kind: those whose first argument it is
_FOLLOWING = {
    kind: tuple(name for name in FAMILIES if f"{{{kind}}}" in name and name.count("{") == 1)
    for kind in ("bond", "node", "space")
}


def address(scope: str) -> Address:
    """`"bonds/12/routes"` → its family and `{"bond": 12}`. KeyError for what is no scope."""
    if scope in FAMILIES:
        return Address(FAMILIES[scope], {})
    for pattern, found in _PATTERNS:
        match = pattern.fullmatch(scope)
        if match:
            given = {
                name: value if name == "space" else int(value)
                for name, value in match.groupdict().items()
            }
            return Address(found, given)
    raise KeyError(scope)


@cache
def possible(pattern: str) -> bool:
    """Whether a scope can be called like this glob, on whatever server."""
    units = re.findall(r"\*|\[!?\]?[^\]]*\]|.", pattern, re.DOTALL)
    return any(_fits(units, list(_steps(name))) for name in FAMILIES)


def _steps(template: str) -> Iterator[tuple[str, bool]]:
    """The characters that may stand at each place of a scope's name, and whether there may be
    several.
    """
    for literal, argument in re.findall(r"([^{]+)|\{(\w+)\}", template):
        yield from ((each, False) for each in literal)
        if argument:
            yield _KEY if argument == "space" else string.digits, True


def _fits(units: Sequence[str], steps: Sequence[tuple[str, bool]]) -> bool:
    """Whether one name can be made of these steps that the glob matches."""

    @cache
    def fits(unit: int, step: int) -> bool:
        if step == len(steps):
            return all(each == "*" for each in units[unit:])
        if unit == len(units):
            return False
        characters, several = steps[step]
        if units[unit] == "*":
            return fits(unit + 1, step) or fits(unit, step + 1)
        if not any(fnmatchcase(each, units[unit]) for each in characters):
            return False
        return fits(unit + 1, step + 1) or (several and fits(unit + 1, step))

    return fits(0, 0)


def following(kind: str, body: Body) -> list[str]:
    """The scopes that come and go with an object: `bonds/12/…` with bond 12, a leg's history and
    tunings with the leg.
    """
    if kind == "leg":
        if body["bond"] is None:
            return []
        leg_type = _LEG_TYPES.get(body["type"] or "", "interface")
        legs = f"bonds/{body['bond']}/{leg_type}_legs/{body['id']}"
        return [f"{legs}/state_history", f"{legs}/tuners"]
    if kind == "space":
        own = body["key"]
    else:
        own = body["id"]
    return [name.replace(f"{{{kind}}}", str(own)) for name in _FOLLOWING.get(kind, ())]


def single(scope: str, kind: str, identifier: str) -> tuple[str, dict[str, Json]] | None:
    """The operation that reads one object of a scope by its own address, with its arguments; None
    where there is none.
    """
    at = address(scope)
    if kind == PLACED:  # a bond is somewhere as long as there is the bond
        return "bond.get", {"bond": int(identifier)}
    if kind not in KINDS:
        return None
    # of a tuning of a leg, the type of the leg says under which list it stands
    operation = (
        at.family.operation.replace(".list", ".get") if kind == "leg_tuning" else KINDS[kind].single
    )
    if operation is None:
        return None
    last = OPERATIONS[operation].arguments[-1]
    own = identifier.rpartition("/")[2]
    return operation, {**at.arguments, last: own if last == "space" else int(own)}


def read(scope: str, source: Source, key: bytes) -> list[Seen]:
    """Everything in the scope, whole or not at all. Raises Garbled, Unreachable, Refused."""
    if scope == PLACEMENTS:
        return list(_placements(source))
    at = address(scope)
    kind = KINDS[at.family.kind]
    if not kind.by:
        return [_one(kind.name, source, at, key)]
    items = source.list(at.family.operation, **at.arguments)
    seen = [
        _owned(normalise(kind.name, _worded(each, kind.by), key, **at.arguments), at.arguments)
        for each in items
    ]
    if "space" in at.arguments:  # one allocation may stand in the lists of several spaces
        seen = [replace(each, id=f"{at.arguments['space']}/{each.id}") for each in seen]
    return _unique(seen)


def _one(kind: str, source: Source, at: Address, key: bytes) -> Seen:
    seen = normalise(kind, source.get(at.family.operation, **at.arguments), key)
    if kind == "certificate" and not seen.body["not_after"]:
        shown = source.certificate()
        if shown:
            return replace(seen, body={**seen.body, **shown, "source": "handshake"})
        return seen
    return seen


def _owned(seen: Seen, arguments: Mapping[str, Json]) -> Seen:
    """Whose it is, the address says. A space's list may show what another space owns: there the
    object's word counts.
    """
    told = {
        name: value for name, value in arguments.items() if name in seen.body and name != "space"
    }
    if told:
        return replace(seen, body={**seen.body, **told})
    return seen


def _worded(raw: Json, by: str) -> Json:
    """A list of plain words, such as versions, as objects."""
    if isinstance(raw, str) and by != "id":
        return {by: raw}
    return raw


def _unique(seen: list[Seen]) -> list[Seen]:
    """Each object once; twice the same is once, twice and different is a list in which something
    moved.
    """
    found: dict[str, Seen] = {}
    for each in seen:
        if found.setdefault(each.id, each).body != each.body:
            msg = "the same object stands in the list twice, and differs"
            raise Garbled(msg)
    return list(found.values())


def _placements(source: Source) -> Iterator[Seen]:
    """One object per bond: its primary, secondary and current aggregator. In two current lists or
    in none: Garbled.
    """
    lists: dict[str, dict[int, int]] = {"bonds": {}, "bonds_secondary": {}, "bonds_current": {}}
    for aggregator in _ids(source.list("aggregator.list")):
        for name, found in lists.items():
            for bond in _ids(source.list(f"aggregator.{name}", aggregator=aggregator)):
                if bond in found and found[bond] != aggregator:
                    msg = (
                        f"bond {bond} stands in {name} of aggregators {found[bond]} and"
                        f" {aggregator}: it moved meanwhile"
                    )
                    raise Garbled(msg)
                found[bond] = aggregator
    primary, secondary, current = lists.values()
    for bond in sorted({*primary, *current}):
        if bond not in current or bond not in primary:
            msg = (
                f"bond {bond} stands in no list of {'current' if bond in primary else 'primary'}"
                " aggregators just now"
            )
            raise Garbled(msg)
        where = {
            "primary": primary[bond],
            "secondary": secondary.get(bond),
            "current": current[bond],
        }
        yield Seen(PLACED, str(bond), {"id": bond, **where})


def _ids(items: Iterable[Json]) -> list[int]:
    found = [reference(each) for each in items]
    if None in found:
        msg = "an object without an id"
        raise Garbled(msg)
    return [each for each in found if each is not None]
