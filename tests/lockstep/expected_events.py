"""What the bridge must say of what the simulator's world did: truth lines on one side, events on
the other.

| truth: kind, what | event | time |
|---|---|---|
| leg, state → `down` in any spelling | `leg.down`, unless it was down already | to the second |
| leg, state → `up` | `leg.up`, if the leg last stood down or degraded | to the second |
| leg, state → `degraded`, `adapted` | `leg.degraded`, unless it stood so | to the second |
| leg, state → `testing`, `idle`, `offline`, anything else | nothing: how it stands is carried | |
| leg, link_mode | `leg.mode_changed` | between the two polls |
| bond, current_aggregator → not its primary | `bond.failed_over` | between the two polls |
| bond, current_aggregator → its primary | `bond.restored` | between the two polls |
| aggregator, status → `down`, → `up` | `aggregator.failed`, `.recovered` | between two polls |
| bond_tuning, status: new | `bond_tuning.started` | to the second, by the tuning itself |
| bond_tuning, status → finished, failed, canceled | `.finished`; `.recommended` | to the second |
| bond_tuning, accepted → true, false | `.accepted`, `.declined` | between the two polls |
| backup, completed | `backup.completed` | to the second |

The classes of leg states are written down here a second time, on purpose: were they taken from the
bridge, a mistake in them would stand on both sides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_STANDS = {
    "up": "up",
    "down": "down",
    "removed": "down",
    "connecting": "down",
    "degraded": "degraded",
    "adapted": "degraded",
}
_ENDED = {"finished", "failed", "canceled"}

# what the mapping speaks of; everything else the bridge says is worked out from these, or about
# itself
TYPES = frozenset(
    {
        "leg.down",
        "leg.up",
        "leg.degraded",
        "leg.mode_changed",
        "bond.failed_over",
        "bond.restored",
        "aggregator.failed",
        "aggregator.recovered",
        "bond_tuning.started",
        "bond_tuning.finished",
        "bond_tuning.recommended",
        "bond_tuning.accepted",
        "bond_tuning.declined",
        "backup.completed",
    }
)

# events whose time the server itself tells
DATED = frozenset(
    {
        "leg.down",
        "leg.up",
        "leg.degraded",
        "bond_tuning.started",
        "bond_tuning.finished",
        "bond_tuning.recommended",
        "backup.completed",
    }
)

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, order=True)
class Happening:
    """Something that happened to something, then."""

    type: str
    subject: str
    at: datetime


def expected(
    truth: Iterable[Mapping[str, Any]], primaries: Mapping[int, int], since: datetime
) -> list[Happening]:
    """What the truth asks for, from `since` on; `primaries`: each bond's primary aggregator."""
    stood: dict[int, str] = {}
    found: list[Happening] = []
    for line in truth:
        at = datetime.fromisoformat(line["at"])
        names = list(_events(line, stood, primaries))
        if at > since:
            found += [Happening(name, f"{line['kind']}/{line['id']}", at) for name in names]
    return sorted(_subjects(found))


def _subjects(found: Iterable[Happening]) -> Iterator[Happening]:
    """Where a bond is, is an object of its own."""
    for each in found:
        moved = each.type in ("bond.failed_over", "bond.restored")
        yield (
            Happening(each.type, each.subject.replace("bond/", "placement/"), each.at)
            if moved
            else each
        )


def _events(
    line: Mapping[str, Any], stood: dict[int, str], primaries: Mapping[int, int]
) -> Iterator[str]:
    kind = line["kind"]
    what = line["what"]
    new = line["to"]
    if (kind, what) == ("leg", "state") and new in _STANDS:
        before = stood.get(line["id"], "up")
        after = _STANDS[new]
        stood[line["id"]] = after
        if after != before:
            yield f"leg.{after}"
    elif (kind, what) == ("leg", "link_mode"):
        yield "leg.mode_changed"
    elif (kind, what) == ("bond", "current_aggregator"):
        home = primaries[line["id"]]
        if (line["from"] == home) != (new == home):
            yield "bond.restored" if new == home else "bond.failed_over"
    elif (kind, what) == ("aggregator", "status") and new in ("up", "down"):
        yield "aggregator.failed" if new == "down" else "aggregator.recovered"
    elif kind == "bond_tuning":
        yield from _tuning(line)
    elif (kind, what) == ("backup", "completed"):
        yield "backup.completed"


def _tuning(line: Mapping[str, Any]) -> Iterator[str]:
    if line["what"] == "status" and line["to"] == "running":
        yield "bond_tuning.started"
    elif line["what"] == "status" and line["to"] in _ENDED:
        yield "bond_tuning.finished"
        if line["to"] == "finished":
            yield "bond_tuning.recommended"
    elif line["what"] == "accepted" and line["to"] is not None:
        yield "bond_tuning.accepted" if line["to"] else "bond_tuning.declined"


def differences(wanted: Iterable[Happening], events: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each happening that is missing, invented, told twice or at a wrong time."""
    told: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        if event["type"] in TYPES:
            told.setdefault((event["type"], event["subject"]), []).append(event)
    asked: dict[tuple[str, str], list[datetime]] = {}
    for each in wanted:
        asked.setdefault((each.type, each.subject), []).append(each.at)
    wrong = []
    for key in sorted({*told, *asked}):
        have = sorted(told.get(key, ()), key=lambda it: it["time"])
        want = sorted(asked.get(key, ()))
        if len(have) != len(want):
            times = [f"{event['time']:%H:%M:%S.%f}" for event in have]
            wrong.append(
                f"{' '.join(key)}: told {times}, happened {[f'{at:%H:%M:%S.%f}' for at in want]}"
            )
            continue
        wrong += [
            line for event, at in zip(have, want, strict=True) if (line := _untimely(event, at))
        ]
    return wrong


def _untimely(event: Mapping[str, Any], at: datetime) -> str:
    name = f"{event['type']} {event['subject']}"
    if event["type"] in DATED and not event["exact"]:
        return f"{name}: its own time was never found, it happened at {at}"
    if event["exact"]:
        return (
            ""
            if abs(event["time"] - at) <= SECOND
            else f"{name}: told at {event['time']}, happened at {at}"
        )
    since, until = event["data"]["between"]
    inside = datetime.fromisoformat(since) - SECOND <= at <= datetime.fromisoformat(until) + SECOND
    return "" if inside else f"{name}: told between {since} and {until}, happened at {at}"
