"""Two looks at the same scope, and what changed between them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Body, Change, Known, Seen
from bridge.core.standing import standing

Key = tuple[str, str]  # kind, id

# A thing is gone only after two complete walks this far apart missed it (and its own address says so, where it has one).
GONE_AFTER = timedelta(seconds=60)

_STANDING = frozenset({"leg", "aggregator"})


@dataclass(frozen=True, slots=True)
class Diff:
    """What to record of a walk: the changes, and every object as it is now to be remembered."""

    changes: tuple[Change, ...]
    known: tuple[Known, ...]


def suspects(before: Mapping[Key, Known], seen: Iterable[Seen], now: datetime) -> list[Key]:
    """Objects missing from this walk and from one at least a minute ago: worth asking for by their own address."""
    present = {(each.kind, each.id) for each in seen}
    return [
        key
        for key, known in before.items()
        if key not in present and known.missing_since is not None and not known.gone
        if now - known.missing_since >= GONE_AFTER
    ]


def compare(
    before: Mapping[Key, Known],
    seen: Iterable[Seen],
    *,
    volatile: Mapping[str, frozenset[str]],
    gone: Collection[Key],
    now: datetime,
) -> Diff:
    """What changed from `before` to this complete walk. `gone` are the suspects found to be really gone."""
    changes: list[Change] = []
    known: list[Known] = []
    present = set()
    for each in seen:
        key = (each.kind, each.id)
        present.add(key)
        old = before.get(key)
        there = old.seen.body if old and not old.gone else None
        new = _carry(there, each)
        known.append(Known(new, old.counts if old else {}))
        change = _change(there, new, volatile.get(each.kind, frozenset()))
        if change:
            changes.append(change)
    for key, old in before.items():
        if key in present or old.gone:
            continue
        if key in gone:
            changes.append(Change(old.seen.kind, old.seen.id, old.seen.body, None))
        known.append(replace(old, missing_since=old.missing_since or now, gone=key in gone))
    return Diff(tuple(changes), tuple(known))


def _carry(before: Body | None, new: Seen) -> Seen:
    if new.kind not in _STANDING:
        return new
    return replace(new, body={**new.body, "standing": standing(new.kind, before, new.body)})


def _change(before: Body | None, new: Seen, volatile: frozenset[str]) -> Change | None:
    if before is None:
        return Change(new.kind, new.id, None, new.body)
    fields = frozenset(name for name in new.body if name not in volatile and new.body[name] != before.get(name))
    return Change(new.kind, new.id, before, new.body, fields) if fields else None
