"""Two looks at the same scope, and what changed between them."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Body, Change, Json, Known, Seen
from bridge.core.objects.derived_fields import Meanwhile, carried
from bridge.core.objects.link_state import STANDINGS

Key = tuple[str, str]  # kind, id

# A thing is gone only after two complete walks this far apart missed it (and its own address says
# so, where it has one).
GONE_AFTER = timedelta(seconds=60)


# More missing at once than this share, and than a handful, is no everyday deletion: a filter, a
# permission, a broken list.
SHRUNK_SHARE = 0.02
SHRUNK_LEAST = 5


@dataclass(frozen=True, slots=True)
class Diff:
    """What to record of a walk: the changes, and every object as it is now to be remembered."""

    changes: tuple[Change, ...]
    known: tuple[Known, ...]


def missing(before: Mapping[Key, Known], seen: Iterable[Seen]) -> list[Key]:
    """Objects that this walk should have shown and did not."""
    present = {(each.kind, each.id) for each in seen}
    return [key for key, known in before.items() if key not in present and not known.gone]


def suspects(before: Mapping[Key, Known], absent: Iterable[Key], now: datetime) -> list[Key]:
    """Of those missing, the ones that were at least a minute ago too: worth asking for by their own
    address.
    """
    since = ((key, before[key].missing_since) for key in absent)
    return [key for key, when in since if when is not None and now - when >= GONE_AFTER]


def shrunk(before: Mapping[Key, Known], absent: Collection[Key]) -> bool:
    """Whether so much is missing that it is likelier hidden from us than deleted."""
    there = sum(not known.gone for known in before.values())
    return len(absent) > max(SHRUNK_LEAST, SHRUNK_SHARE * there)


def with_derived(
    before: Mapping[Key, Known], seen: Iterable[Seen], now: datetime, version: Body | None
) -> list[Seen]:
    """The objects with what only their past, the time and the repository's `version` tell; `now` is
    the server's.
    """
    return [
        carried(_body(before.get((each.kind, each.id))), each, Meanwhile(now, version))
        for each in seen
    ]


def compare(
    before: Mapping[Key, Known],
    seen: Iterable[Seen],
    *,
    volatile: Mapping[str, frozenset[str]],
    gone: Collection[Key],
    now: datetime,
    since: datetime | None = None,
) -> Diff:
    """What changed from `before` to this complete walk. `gone` are the suspects found to be really
    gone.

    `since` is when the walk before this one began, by the server's clock.

    `known` holds only what is to be written: new objects, changed ones (volatile fields included),
    missing ones.
    """
    changes: list[Change] = []
    known: list[Known] = []
    present = set()
    for each in seen:
        key = (each.kind, each.id)
        present.add(key)
        old = before.get(key)
        there = _body(old)
        if old and _open(each.body):
            last_seen = old.last_seen or since
        else:
            last_seen = None
        if (
            old is None
            or old.seen != each
            or old.missing_since
            or old.gone
            or old.last_seen != last_seen
        ):
            known.append(Known(each, old.counts if old else {}, last_seen=last_seen))
        change = _change(there, each, volatile.get(each.kind, frozenset()))
        if change:
            changes.append(change)
    for key, old in before.items():
        if key in present or old.gone:
            continue
        if key in gone:
            changes.append(Change(old.seen.kind, old.seen.id, old.seen.body, None))
        if key in gone or old.missing_since is None:
            last_seen = old.last_seen or since
            known.append(
                replace(
                    old,
                    missing_since=old.missing_since or now,
                    gone=key in gone,
                    last_seen=last_seen,
                )
            )
    return Diff(tuple(changes), tuple(known))


def _open(body: Body) -> bool:
    """How it stands is not to be seen: it is being tested, or nobody knows what its state means."""
    return "class" in body and body["class"] not in STANDINGS


def _body(known: Known | None) -> Body | None:
    if known and not known.gone:
        return known.seen.body
    return None


def _change(before: Body | None, new: Seen, volatile: frozenset[str]) -> Change | None:
    if before is None:
        return Change(new.kind, new.id, None, new.body)
    fields = frozenset(name for name in _differing(before, new.body) if name not in volatile)
    if fields:
        return Change(new.kind, new.id, before, new.body, fields)
    return None


def _differing(before: Body, after: Body) -> Iterable[str]:
    """Names of the fields that differ; below `other`, where the server's own names stand, as
    `other.name`.
    """
    for name, value in after.items():
        if name != "other":
            if not same(before.get(name), value):
                yield name
            continue
        old = before.get(name) or {}
        new = value or {}
        yield from (
            f"other.{below}"
            for below in sorted({*old, *new})
            if not same(old.get(below), new.get(below))
        )


def same(old: Json, new: Json) -> bool:
    """Whether two values say the same, also where the server writes a number as text or a reference
    in another form.

    A space is the one with its key: how it is called is its own to tell.
    """
    if old == new:
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        if old.keys() == new.keys() == {"key", "name"}:
            return bool(old["key"] == new["key"])
        return old.keys() == new.keys() and all(
            same(value, new[name]) for name, value in old.items()
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same, old, new))
    return bool(_plain(old) == _plain(new))


def _plain(value: Json) -> Json:
    """A reference as its address, a number written as text as that number."""
    if isinstance(value, dict):
        return value.get("url", value)
    if isinstance(value, str):
        with suppress(ValueError):
            return float(value)
    return value
