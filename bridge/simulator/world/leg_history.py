"""What legs showed and since when: the last day in full, outages of the last two months in a
compact form.

Everything here is plain JSON, with moments as `vendor_timestamps.stamp` writes them: such text
sorts as the moments do, so neither keeping nor saving needs to read it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bridge.simulator.world.entities import Leg
from bridge.simulator.world.vendor_timestamps import moment, stamp

DAY = 24 * 3600.0
KEPT = timedelta(days=63)  # the previous calendar month and all of this one

Run = list[str]  # [since, state]
Outage = list[str]  # [start, end]


class Past:
    """Runs by leg, oldest first; outages by bond, in the order they ended.

    `window`: how far back a leg's history reaches, in seconds of world time.
    """

    def __init__(self) -> None:
        self.window = DAY
        self.runs: dict[int, list[Run]] = {}
        self.outages: dict[int, list[Outage]] = {}

    def begin(self, leg: Leg, now: datetime) -> None:
        """Take in a new leg: before now there is nothing to tell of it."""
        self.runs[leg.id] = [[stamp(now), leg.state]]

    def forget(self, leg: Leg) -> None:
        """Drop a leg that is gone; the outages of its bond stay counted."""
        self.runs.pop(leg.id, None)

    def changed(self, leg: Leg, old: str, now: datetime, *, born: datetime, least: float) -> None:
        """Take in that the leg shows another state than `old` from now on.

        `born`: since when it showed `old`, if nothing is known yet. `least`: seconds below which an
        outage is none.
        """
        since_now = stamp(now)
        runs = self.runs.setdefault(leg.id, [[stamp(born), old]])
        if old == "down" and _counts(leg) and (now - moment(runs[-1][0])).total_seconds() >= least:
            self._over(leg.bond, [runs[-1][0], since_now], now)
        if runs[-1][0] == since_now:
            runs.pop()  # it lasted no time at all
        if not runs or runs[-1][1] != leg.state:
            runs.append([since_now, leg.state])
        _drop_before(runs, stamp(now - timedelta(seconds=self.window)))

    def _over(self, bond: int, outage: Outage, now: datetime) -> None:
        kept = self.outages.setdefault(bond, [])
        horizon = stamp(now - KEPT)
        kept.append(outage)
        while kept and kept[0][1] < horizon:
            kept.pop(0)

    def history(self, leg: Leg, now: datetime, *, born: datetime) -> list[dict[str, Any]]:
        """Tell the leg's runs within the window: `[{"state", "start", "end", "duration"}]`,
        seconds, oldest first.

        The last has no end yet; the first starts where the window does, unless the leg is younger.
        """
        horizon = stamp(now - timedelta(seconds=self.window))
        known = self.runs.get(leg.id) or [[stamp(born), leg.state]]
        ends = [*(since for since, _ in known[1:]), stamp(now)]
        runs = [
            (state, max(since, horizon), end)
            for (since, state), end in zip(known, ends, strict=True)
            if end > horizon
        ] or [(known[-1][1], stamp(now), stamp(now))]
        return [_told(*run, open_ended=index == len(runs)) for index, run in enumerate(runs, 1)]

    def outages_of(
        self, bond: int, legs: Iterable[Leg], now: datetime, *, least: float
    ) -> list[tuple[datetime, datetime]]:
        """List the outages of a bond's legs that count, those of `legs` that are not over yet until
        now.
        """
        listed = [(moment(start), moment(end)) for start, end in self.outages.get(bond, ())]
        for leg in legs:
            since, state = self.runs.get(leg.id, [["", ""]])[-1]
            if state == "down" and _counts(leg) and (now - moment(since)).total_seconds() >= least:
                listed.append((moment(since), now))
        return listed


def _counts(leg: Leg) -> bool:
    """Whether an outage of this leg is one that the others had to make up for."""
    return not leg.failover and leg.link_mode == "active"


def _drop_before(runs: list[Run], horizon: str) -> None:
    """Drop the runs that ended before the window; the one that reaches into it stays, with its true
    start.
    """
    gone = 0
    while gone + 1 < len(runs) and runs[gone + 1][0] <= horizon:
        gone += 1
    del runs[:gone]


def _told(state: str, start: str, end: str, *, open_ended: bool) -> dict[str, Any]:
    seconds = (moment(end) - moment(start)).total_seconds()
    return {
        "state": state,
        "start": start,
        "end": None if open_ended else end,
        "duration": round(seconds, 3),
    }
