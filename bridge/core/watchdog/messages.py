"""What one address is told of the bridge's own troubles: of each its begin, now and then that it
lasts, and its end.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.durations import spoken
from bridge.core.watchdog.stall_detection import Stall

AGAIN = timedelta(hours=4)
# in the day's line, which is to stay one
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class OpenStall:
    """A trouble that an address knows of: when it was last told, since when it is, and how it was
    called.
    """

    at: datetime
    since: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """What is told, and how bad it is."""

    title: str
    body: str
    severity: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and what the address knows of once it was taken."""

    text: Text
    then: Mapping[str, OpenStall]


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is.

    `bonds`: how many stand in which state, `down` the names of those that are. `notices`: things
    that people were told of and that last. `events` and `actions` of a day. `waits` in words, what
    waits for somebody.
    """

    servers: int
    bonds: Mapping[str, int]
    down: Sequence[str]
    legs_down: int
    notices: int
    events: int
    actions: int
    waits: Sequence[str] = ()


def begins(told: Mapping[str, OpenStall], wrong: Sequence[Stall], now: datetime) -> Message | None:
    """What is new to this address, or was told long ago and lasts."""
    news = [each for each in wrong if each.key not in told or now - told[each.key].at >= AGAIN]
    if not news:
        return None
    if all(each.key in told for each in news):
        still = "reminder: "
    else:
        still = ""
    if len(news) == 1:
        title = f"bondbridge: {still}{news[0].name}"
    else:
        title = f"bondbridge: {still}{len(news)} things are wrong"
    known = {each.key: OpenStall(now, each.since, each.name) for each in news}
    lines = [
        f"{each.name} since {each.since:%H:%M:%S} UTC ({_lasted(each.since, now)}): {each.says}"
        for each in news
    ]
    return Message(_text(title, lines, "critical"), {**told, **known})


def over(
    told: Mapping[str, OpenStall], wrong: Sequence[Stall], unknown: Collection[str], now: datetime
) -> Message | None:
    """What this address was told of and is over. `unknown`: what cannot be judged now."""
    still = {each.key for each in wrong}
    gone = {key: each for key, each in told.items() if key not in still and key not in unknown}
    if not gone:
        return None
    names = [each.name for each in gone.values()]
    if len(gone) == 1:
        title = f"bondbridge: resolved: {names[0]}"
    else:
        title = f"bondbridge: resolved: {len(gone)} things that were wrong"
    lines = [
        f"resolved: {each.name}; it lasted {_lasted(each.since, now)}" for each in gone.values()
    ]
    lines += [] if still or unknown else ["The bridge works again."]
    return Message(
        _text(title, lines, "info"), {key: each for key, each in told.items() if key not in gone}
    )


def daily(wrong: Sequence[Stall], totals: Totals | None) -> Text:
    """The day's one line. `totals`: None while the database cannot be read."""
    if totals is None:
        names = ", ".join(each.name for each in wrong) or "the database cannot be read now"
        return _text("bondbridge: not all is quiet", [f"not all is quiet: {names}"], "warning")
    counts = (
        f"{_many(totals.servers, 'server')} polled, {_bonds(totals)},"
        f" {_many(totals.legs_down, 'leg')} down, {_many(totals.notices, 'open notice')},"
        f" {_many(totals.events, 'event')} and {_many(totals.actions, 'action')} since yesterday,"
        f" {', '.join(totals.waits) or 'nothing waits'}"
    )
    if wrong:
        names = ", ".join(each.name for each in wrong)
        return _text(
            "bondbridge: not all is quiet", [f"not all is quiet: {names}; {counts}"], "warning"
        )
    return _text("bondbridge: all quiet", [f"all quiet: {counts}"], "info")


def line(wrong: Sequence[Stall], now: datetime) -> str:
    """All that is wrong, for a place that takes one line."""
    return "; ".join(f"{each.name} for {_lasted(each.since, now)}: {each.says}" for each in wrong)


def _text(title: str, lines: Sequence[str], severity: str) -> Text:
    return Text(title, "\n".join(lines), severity)


def _lasted(since: datetime, now: datetime) -> str:
    return spoken((now - since).total_seconds())


def _bonds(totals: Totals) -> str:
    """Up and down always, the down ones by name; the other states where there are any."""
    others = {
        state: count
        for state, count in totals.bonds.items()
        if count and state not in ("up", "down")
    }
    more = "".join(
        f", {count} {state.replace('_', ' ')}" for state, count in sorted(others.items())
    )
    return (
        f"{_many(totals.bonds.get('up', 0), 'bond')} up, {totals.bonds.get('down', 0)}"
        f" down{_names(totals.down)}{more}"
    )


def _names(names: Sequence[str]) -> str:
    if not names:
        return ""
    if len(names) > _MOST_NAMES:
        rest = f" and {len(names) - _MOST_NAMES} more"
    else:
        rest = ""
    return f" ({', '.join(sorted(names)[:_MOST_NAMES])}{rest})"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
