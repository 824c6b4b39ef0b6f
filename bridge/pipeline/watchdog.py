"""The watch on the watcher: whether the bridge polls, decides and tells, told past its own broker,
workers and outbox.

    read the pulse → what stands still → what each address does not know yet → send → remember

It has a connection of its own, and goes on without one: that the database is away is told like the
rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import structlog

from bridge.actions.action import Action, Result
from bridge.core.model import Outcome
from bridge.core.requests import NoticeRequest
from bridge.core.rules import time_windows
from bridge.core.scaled_clock import Pace
from bridge.core.watchdog import messages, stall_detection
from bridge.core.watchdog.stall_detection import Stall
from bridge.errors import AgainLater, BridgeError
from bridge.pipeline.internal_errors import tried
from bridge.store import internal_errors
from bridge.store.database import Database
from bridge.store.sqlite_file_guard import Whereabouts
from bridge.store.views import health_queries
from bridge.store.watchdog_state import MemoryFile, WatchdogState

CHANNEL = "watchdog"
_DAY = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WatchdogSettings:
    """What to watch and when to tell, in the machine's seconds. `slack` by server: how long until
    it is polled again.

    `daily`: the time of day and the zone of the day's line.
    """

    addresses: int
    after: float
    every: float
    slack: Mapping[str, float]
    daily: tuple[time, str] | None = None


@dataclass(frozen=True, slots=True)
class WatchdogIO:
    """How it reaches the world. `ping` takes what is wrong, "" for nothing; `listens` asks at a
    server's address.

    `serves`: whether our own web process answers on this machine.
    """

    notify: Action[NoticeRequest]
    ping: Callable[[str], None] | None
    listens: Callable[[str], bool]
    serves: Callable[[], bool] = lambda: True


class Watchdog:
    """Looks once with every `look`. `machine` is the machine's clock, `pace` what the domain's
    makes of it.
    """

    def __init__(
        self,
        database: Database,
        file: MemoryFile,
        ways: WatchdogIO,
        watch: WatchdogSettings,
        machine: Callable[[], datetime],
        pace: Pace,
    ) -> None:
        self._database = database
        self._file = file
        self._ways = ways
        self._watch = watch
        self._machine = machine
        self._pace = pace
        self._memory = file.load()
        self._whereabouts = Whereabouts(database)
        self._served = False

    def look(self, stopping: Callable[[], bool] = lambda: False) -> Sequence[Stall]:
        """One round; what is wrong. Once `stopping`, nothing more is told: the next who watches
        goes on.
        """
        now = self._machine()
        still, seen, wrong = self._found(now)
        unknown = () if seen else [key for key in still if key != "database"]
        self._keep(replace(self._memory, looked=now, still=still))
        for address in range(self._watch.addresses):
            if not stopping():
                self._tell(str(address), wrong, unknown, now)
        if self._watch.daily and not stopping():
            self._tell_daily(*self._watch.daily, wrong, now)
        if not stopping():
            self._ping(wrong, now)
        return wrong

    def glance(self) -> Sequence[Stall]:
        """What is wrong now, and what anyone who watches found wrong last: nothing is told, and
        nothing of it is kept.

        Only who has watched for long can know that a file was replaced, so its word counts until it
        looks again. That the database cannot be read is said at once: all is not well where nobody
        knows.
        """
        self._memory = self._file.load()
        now = self._machine()
        still, readable, seen = self._found(now)
        if not readable:
            seen = [*seen, *self._unreadable(still, seen, now)]
        known = {each.key for each in seen}
        if not self._slept(now):
            looked = self._memory.looked
        else:
            looked = None
        if looked:
            found = stall_detection.wrong(self._memory.still, looked, self._watch.after)
        else:
            found = []
        more = [self._asked(each) for each in found if each.key not in known]
        return sorted((*seen, *more), key=lambda trouble: trouble.since)

    def _unreadable(
        self,
        still: Mapping[str, stall_detection.StalledMarker],
        said: Sequence[Stall],
        now: datetime,
    ) -> Sequence[Stall]:
        found = {key: each for key, each in still.items() if key == "database"}
        if any(each.key in found for each in said):
            return []
        return stall_detection.wrong(found, now, 0.0)

    def test(self) -> list[Result]:
        """A labelled test at each address; what became of each. Nothing of it is remembered."""
        title = "bondbridge: a test of the watchdog"
        text = messages.Text(title, "Nothing has happened.", "info")
        addresses = range(self._watch.addresses)
        return [self._ways.notify.send("", _notice(text, address)) for address in addresses]

    def close(self) -> None:
        """Let go of its connection."""
        self._database.close()

    def _found(
        self, now: datetime
    ) -> tuple[Mapping[str, stall_detection.StalledMarker], bool, Sequence[Stall]]:
        """What stands still, whether the database said so, and what is wrong."""
        still = (
            stall_detection.anew(self._memory.still, now)
            if self._slept(now)
            else self._memory.still
        )
        still, seen = self._seen(still, now)
        return (
            still,
            seen,
            [self._asked(each) for each in stall_detection.wrong(still, now, self._watch.after)],
        )

    def _slept(self, now: datetime) -> bool:
        """Whether nobody watched for so long that what is remembered says little."""
        looked = self._memory.looked
        most = timedelta(seconds=max(self._watch.after, 3 * self._watch.every))
        return looked is None or now - looked > most

    def _seen(
        self, still: Mapping[str, stall_detection.StalledMarker], now: datetime
    ) -> tuple[dict[str, stall_detection.StalledMarker], bool]:
        """What stands still, and whether the database said so."""
        domain = self._pace.at(now)
        idle = domain - timedelta(seconds=self._watch.after) * self._pace.speed
        elsewhere = self._whereabouts.wrong()
        if elsewhere is not None:
            log.warning(elsewhere[0], why=elsewhere[1])
            return stall_detection.blind(
                still, stall_detection.database_elsewhere(*elsewhere), now, self._watch.after
            ), False
        try:
            self._whereabouts.insist()
            with health_queries.reading(self._database) as connection:
                taken = health_queries.take(connection, list(self._watch.slack), domain, idle)
        except AgainLater as error:
            log.warning("the database cannot be read", why=str(error))
            return stall_detection.blind(
                still, stall_detection.database_away(str(error)), now, self._watch.after
            ), False
        # a fault of ours, told like the rest: nobody else would
        except Exception as error:  # noqa: BLE001
            why = internal_errors.said(error)
            log.warning("how the work stands cannot be judged", why=why)
            blind = stall_detection.database_elsewhere(
                "how the work stands cannot be judged", f"a fault of bondbridge: {why}"
            )
            return stall_detection.blind(still, blind, now, self._watch.after), False
        return stall_detection.looked(
            still, [*stall_detection.marks(taken, self._watch.slack), *self._web()], now
        ), True

    def _web(self) -> Sequence[stall_detection.ProgressMarker]:
        """Whether the web process has stopped answering. One that never did may well run on another
        machine.
        """
        serves = self._ways.serves()
        self._served = self._served or serves
        if serves or not self._served:
            return ()
        return (stall_detection.web_away(),)

    def _asked(self, trouble: Stall) -> Stall:
        """Of a server that is not polled: whether anybody is there at all."""
        what, _, server = trouble.key.partition(" ")
        if what != "poll" or server not in self._watch.slack:
            return trouble
        if self._ways.listens(server):
            there = "something listens at its address"
        else:
            there = "nothing listens at its address"
        return replace(trouble, says=f"{trouble.says}; {there}")

    def _tell(
        self, address: str, wrong: Sequence[Stall], unknown: Sequence[str], now: datetime
    ) -> None:
        for message in (
            messages.begins(self._told(address), wrong, now),
            messages.over(self._told(address), wrong, unknown, now),
        ):
            if message is not None and self._send(address, message.text):
                self._keep(replace(self._memory, told={**self._memory.told, address: message.then}))

    def _told(self, address: str) -> Mapping[str, messages.OpenStall]:
        return self._memory.told.get(address, {})

    def _tell_daily(self, at: time, zone: str, wrong: Sequence[Stall], now: datetime) -> None:
        """Where it is so late again since the last line; one who was never told waits for the next
        time.
        """
        ready = []
        for address in map(str, range(self._watch.addresses)):
            last = self._memory.daily.get(address)
            if last is None:
                self._keep(replace(self._memory, daily={**self._memory.daily, address: now}))
            elif time_windows.o_clock(at, zone, last) <= now:
                ready.append(address)
        if not ready:
            return
        text = messages.daily(wrong, self._totals(now))
        for address in ready:
            if self._send(address, text):
                self._keep(replace(self._memory, daily={**self._memory.daily, address: now}))

    def _totals(self, now: datetime) -> messages.Totals | None:
        domain = self._pace.at(now)
        try:
            with health_queries.reading(self._database) as connection:
                return health_queries.totals(
                    connection, list(self._watch.slack), domain, domain - _DAY * self._pace.speed
                )
        except AgainLater:
            return None

    def _send(self, address: str, text: messages.Text) -> bool:
        """Whether it was taken. What was not is tried again with the next round."""
        with tried("tell", f"address {address}") as part:
            result = self._ways.notify.send("", _notice(text, int(address)))
        if part.failed:  # at the others it is told all the same
            log.error(
                "the watchdog could not tell",
                address=address,
                title=text.title,
                said=part.why,
            )
            return False
        if result.outcome is not Outcome.DONE:
            log.warning(
                "the watchdog could not tell",
                address=address,
                title=text.title,
                said=result.detail,
            )
            return False
        log.info("the watchdog told", address=address, title=text.title)
        return True

    def _ping(self, wrong: Sequence[Stall], now: datetime) -> None:
        if self._ways.ping is None:
            return
        try:
            self._ways.ping(messages.line(wrong, now))
        except Exception as error:  # noqa: BLE001
            if isinstance(error, BridgeError):
                why = str(error)
            else:
                why = internal_errors.said(error)
            log.warning("the watchdog's ping was not taken", why=why)

    def _keep(self, memory: WatchdogState) -> None:
        self._memory = memory
        self._file.keep(memory)


def _notice(text: messages.Text, address: int) -> NoticeRequest:
    return NoticeRequest(
        to=CHANNEL, target=address, title=text.title, body=text.body, severity=text.severity
    )
