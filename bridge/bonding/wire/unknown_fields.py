"""What an object has that nobody expects, and what it lacks that matters: to be told, never
lost.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import certificates, server_status
from bridge.bonding.wire.field_map import FIELDS, KNOWN, VITAL
from bridge.bonding.wire.normalise import normalise
from bridge.core.model import Json
from bridge.core.objects.object_schemas import CONFIGURED
from bridge.errors import Garbled

_MOST = 20
_LONGEST_NAME = 60

# of objects without a table: what must have been found, in our words
_FOUND: Mapping[str, tuple[str, ...]] = {
    "certificate": ("not_after",),
    "failover_checks": ("success", "failure"),
    "downtime_report": ("week_duration", "week_count", "month_duration", "month_count"),
    "settings": ("failover",),
    "bonding_version": ("version",),
}


@dataclass(frozen=True, slots=True)
class Strange:
    """What is strange about objects of one kind.

    `missing`: fields of ours that nothing in the object says. `unexpected`: fields of the vendor's
    that nobody knows, each with a masked sample: what it is and how large, never what it says.
    """

    kind: str
    missing: tuple[str, ...]
    unexpected: Mapping[str, str]


def strange(kind: str, raw: Json) -> Strange | None:
    """What is strange about this object, or None. Of an object that cannot be read at all,
    everything is.

    What a configured object has beyond our table is carried in `other`, so it is only told where
    something is missing: it may be what took its place.
    """
    if not isinstance(raw, dict):
        if isinstance(raw, str) and KINDS[kind].by not in ("id", "key"):
            unexpected = {}
        else:
            unexpected = {"": _masked(raw)}
        if unexpected:
            return Strange(kind, (), unexpected)
        return None
    table = FIELDS[kind]
    missing = {
        name
        for name in VITAL[kind]
        if name in table and not any(each in raw for each in table[name].names)
    }
    missing |= _not_found(kind, raw)
    if (
        kind in _FOUND
    ):  # a document has whatever it has: only beside what is missing is that worth a word
        if missing:
            unexpected = _of_document(kind, raw, missing)
        else:
            unexpected = {}
    elif table:
        unexpected = _unexpected(kind, raw)
    else:
        unexpected = {}
    worth_telling = missing or (unexpected and kind not in CONFIGURED)
    if worth_telling:
        return Strange(kind, tuple(sorted(missing)), unexpected)
    return None


def _not_found(kind: str, raw: Json) -> set[str]:
    if kind not in _FOUND:
        return set()
    try:
        body = normalise(kind, raw, b"").body
    except Garbled:
        return set(_FOUND[kind])
    return {name for name in _FOUND[kind] if body[name] is None}


def _unexpected(kind: str, raw: Mapping[str, Json]) -> dict[str, str]:
    names = {name for field in FIELDS[kind].values() for name in field.names}
    known = {"id", "url"} | names | KNOWN.get(kind, frozenset()) | KINDS[kind].secret
    strangers = [name for name in raw if name not in known]
    return {name[:_LONGEST_NAME]: _masked(raw[name]) for name in sorted(strangers)[:_MOST]}


def _of_document(kind: str, raw: Mapping[str, Json], missing: Collection[str]) -> dict[str, str]:
    """The leaves of a document whose names nobody knows, `week.outages`; first those that speak of
    what is missing.
    """
    known = server_status.NAMES.get(kind) or {
        name for field in FIELDS[kind].values() for name in field.names
    }
    understood = certificates.names if kind == "certificate" else known.__contains__
    secret = {"id", "url"} | KINDS[kind].secret
    strangers = {
        ".".join(path): value
        for path, value in _leaves(raw)
        if path[0] not in secret and not all(map(understood, path))
    }
    order = sorted(strangers, key=lambda path: (not any(name in path for name in missing), path))
    return {path[:_LONGEST_NAME]: _masked(strangers[path]) for path in order[:_MOST]}


def _leaves(value: Json, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every field that has none below it, with the names that lead there; of a list, what its first
    item has.
    """
    if isinstance(value, list) and value:
        first = value[0]
    else:
        first = value
    if isinstance(first, dict) and first:
        for name, below in first.items():
            yield from _leaves(below, (*above, name))
    elif above:
        yield above, value


def _masked(value: Json) -> str:
    """`"text(8)"`, `"number"`, `"list(3) of object(2)"`: types and sizes only."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return f"text({len(value)})"
    if isinstance(value, dict):
        return f"object({len(value)})"
    return f"list({len(value)})" + (f" of {_masked(value[0])}" if value else "")
