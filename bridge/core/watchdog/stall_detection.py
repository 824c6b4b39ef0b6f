"""Whether the bridge does its work, by what should move and stands still: so a watcher needs no
clock but its own.

A backlog that is worked off moves, however old it is; a worker that has stopped moves nothing,
whatever it last said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Polled:
    """How a server is polled. `newest`: its newest whole poll; `idle`: polls are long due and
    nobody takes them.
    """

    newest: datetime | None
    health: str = "unknown"
    idle: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The oldest of those that wait: its id, since when (domain time), and how many there are."""

    id: str
    since: datetime
    count: int


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """What the database says of the work: polls and undecided events by server, jobs and notices
    that are due and free.

    `failing`: destinations that take no messages, each with what it last said.
    """

    polled: Mapping[str, Polled] = field(default_factory=dict)
    undecided: Mapping[str, Head] = field(default_factory=dict)
    due: Head | None = None
    untold: Head | None = None
    failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProgressMarker:
    """Something that should move. `at`: where it stands; where it stays longer than it may, `name`
    and `says` are told.

    `slack`: seconds that it may stand still besides.
    """

    key: str
    at: str
    name: str
    says: str = ""
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class StalledMarker:
    """A mark, and since when it stands there."""

    mark: ProgressMarker
    since: datetime


@dataclass(frozen=True, slots=True)
class Stall:
    """Something that has stood still for too long."""

    key: str
    name: str
    says: str
    since: datetime


def marks(pulse: HealthSnapshot, slack: Mapping[str, float]) -> list[ProgressMarker]:
    """What should move. `slack` by server: seconds until it is due to be polled again."""
    found = [
        _polls(server, polled, slack.get(server, 0.0)) for server, polled in pulse.polled.items()
    ]
    for server, head in pulse.undecided.items():
        waits = f"{_counted(head, 'event')}, the oldest since {_moment(head.since)}"
        found.append(
            ProgressMarker(f"decide {server}", head.id, f"nothing is decided for {server}", waits)
        )
    if pulse.due is not None:
        found.append(_due("deliver", pulse.due, "nothing that is due is carried out", "job"))
    for key, said in pulse.failing.items():
        found.append(
            ProgressMarker(f"channel {key}", said, f"channel {key} takes no messages", said)
        )
    if pulse.untold is not None:
        found.append(_due("tell", pulse.untold, "nobody is told what is due", "notice"))
    return found


def _due(key: str, head: Head, name: str, what: str) -> ProgressMarker:
    return ProgressMarker(
        key, head.id, name, f"{_counted(head, what)}, the oldest due since {_moment(head.since)}"
    )


def _polls(server: str, polled: Polled, slack: float) -> ProgressMarker:
    if polled.newest:
        newest = f"the newest whole poll is of {_moment(polled.newest)}"
    else:
        newest = "it was never polled whole"
    if polled.idle:
        return ProgressMarker(
            f"poll {server}", str(polled.newest), f"nobody polls {server}", newest, slack
        )
    if polled.health not in ("ok", "unknown"):
        why = f"it is {polled.health.replace('_', ' ')}"
    else:
        why = "its answers are of no use"
    if polled.problem:
        said = f"{why}: {polled.problem}"
    else:
        said = why
    return ProgressMarker(
        f"poll {server}",
        str(polled.newest),
        f"{server} cannot be polled",
        f"{newest}; {said}",
        slack,
    )


def database_away(cause: str) -> ProgressMarker:
    """The one thing that is known while the database cannot be read."""
    return ProgressMarker("database", "away", "the database cannot be read", cause)


def web_away() -> ProgressMarker:
    """Asked from outside, as people and webhooks do."""
    return ProgressMarker(
        "web",
        "away",
        "the web process does not answer",
        "neither pages nor webhooks are served on this machine",
    )


def looked(
    before: Mapping[str, StalledMarker], seen: Sequence[ProgressMarker], now: datetime
) -> dict[str, StalledMarker]:
    """Since when each mark stands where it is seen now; what is not seen has gone on."""
    found = {}
    for mark in seen:
        known = before.get(mark.key)
        same = known is not None and known.mark.at == mark.at
        found[mark.key] = StalledMarker(mark, known.since if known is not None and same else now)
    return found


def database_elsewhere(name: str, says: str) -> ProgressMarker:
    """It can be read, but what there is to read is not what the bridge works with."""
    return ProgressMarker("database", "elsewhere", name, says)


def blind(
    before: Mapping[str, StalledMarker], why: ProgressMarker, now: datetime, after: float
) -> dict[str, StalledMarker]:
    """As `looked`, without a database: what is wrong stays wrong, of the rest nothing is known."""
    found = looked(before, [why], now)
    lasting = {trouble.key for trouble in wrong(before, now, after)} - {"database"}
    return {**{key: still for key, still in before.items() if key in lasting}, **found}


def anew(before: Mapping[str, StalledMarker], now: datetime) -> dict[str, StalledMarker]:
    """Nobody watched for a while: what stands still is counted from now."""
    return {key: replace(still, since=now) for key, still in before.items()}


def wrong(still: Mapping[str, StalledMarker], now: datetime, after: float) -> list[Stall]:
    """What has stood still for so many seconds, the longest first."""
    found = [
        Stall(key, each.mark.name, each.mark.says, each.since)
        for key, each in still.items()
        if now - each.since >= timedelta(seconds=after + each.mark.slack)
    ]
    return sorted(found, key=lambda trouble: trouble.since)


def _counted(head: Head, what: str) -> str:
    if head.count != 1:
        return f"{head.count} {what}s wait"
    return f"one {what} waits"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
