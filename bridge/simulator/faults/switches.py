"""Faults: switches that make the server fail in the ways servers do. They have chance of their own,
not the world's.

`POST /_sim/faults` sets them all at once; what is not named is off. Each kind of KINDS is set by
its share of requests, 0 to 1, and together they are at most 1: `{"errors": 0.1, "half": 0.2}`.
Beside the shares:

    only       the operations they are limited to; none given: all
    times      how often they may still strike; null: for ever
    skip       how many requests they spare first (default 0)
    when       "after" or "before" the world has applied the request, for errors, html, cut and
               drop; the others come after, but retry_after and deaf always before
    seconds    how long a drip or a stall takes, in real time; what Retry-After says (default 30)
    megabytes  how much is added to a huge body (default 200)
    skew_seconds  by how much the server's time is off under skew; below 0 it is late (default 3600)
    latency    seconds of real time before every answer
    refuse     seconds of real time for which the port takes no connections, beginning now
    seed       what their chance is worked out from

What the kinds do to objects is in `corrupt_bodies`, what they do on the socket in
`corrupt_transport`.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from bridge.bonding.catalogue import OPERATIONS

KINDS: dict[str, str] = {
    "errors": "a page with status 500, 502 or 503, from the web server in front",
    "cut": "the connection ends in the middle of the body",
    "drop": "the connection is reset without an answer",
    "html": "an HTML page with status 200",
    "retry_after": "429 or 503 with Retry-After, and the request does nothing",
    "deaf": "a write is answered as if it had been done, and does nothing",
    "half": (
        "half the objects of a page or list, in JSON that is whole; a page says how many there"
        " should be"
    ),
    "empty": "lists are empty, with status 200",
    "hidden": "every second object is missing from lists, and 404 at its own address",
    "duplicate": "the first object of a list is there twice",
    "shuffle": (
        "the objects of a list are in another order at every read, and so move between pages"
    ),
    "types": "numbers are strings, references take another form, legs are in a state nobody knows",
    "skew": "the Date header and all times are off",
    "drip": "the body comes in small pieces",
    "stall": "half the body comes, then nothing for a while, then the rest",
    "huge": "the body is followed by megabytes of blanks",
    "endless_zip": "a zip file that does not end, whatever was asked for",
}
BROKEN_STATUSES = (500, 502, 503)
BUSY_STATUSES = (429, 503)
LONGEST_SECONDS = 3600
MOST_MEGABYTES = 4096
_EITHER_WAY = frozenset({"errors", "html", "cut", "drop"})
_NUMBERS = {
    "latency": (0.0, LONGEST_SECONDS),
    "refuse": (0.0, LONGEST_SECONDS),
    "seconds": (0.0, LONGEST_SECONDS),
    "megabytes": (0.0, MOST_MEGABYTES),
    "skew_seconds": (-1e8, 1e8),
}


class UnfitFault(ValueError):
    """These faults cannot be set; the text says why."""


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """What befalls one request: `kind` is None or one of KINDS; `before` says it never reaches the
    world.

    `status` is that of a page sent instead; `chance` what a shuffle is worked out from; the others
    as in Faults.
    """

    kind: str | None = None
    before: bool = False
    latency: float = 0.0
    status: int = 200
    seconds: float = 30.0
    megabytes: float = 200.0
    skew_seconds: float = 3600.0
    chance: int = 0


@dataclass(slots=True)
class Faults:
    """The faults that are set now; what its fields mean stands at the head of this file."""

    shares: dict[str, float] = field(default_factory=dict)
    when: str = "after"
    only: tuple[str, ...] = ()
    times: int | None = None
    skip: int = 0
    latency: float = 0.0
    refuse: float = 0.0
    seconds: float = 30.0
    megabytes: float = 200.0
    skew_seconds: float = 3600.0
    seed: int = 1
    struck: int = 0
    _since: float = field(default_factory=time.monotonic)

    _dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, operation: str | None) -> FaultDecision:
        """Decide the fate of one request; `operation` is its name in the catalogue, or None."""
        if self.only and operation not in self.only:
            return FaultDecision()
        with self._lock:
            spared = self.skip > 0
            self.skip = max(0, self.skip - 1)
            if spared or self.times == 0:
                kind = None
            else:
                kind = self._strike()
            if kind is None:
                return FaultDecision(latency=self.latency)
            self.struck += 1
            if self.times is None:
                self.times = None
            else:
                self.times = self.times - 1
            status = self._dice.choice(
                {"errors": BROKEN_STATUSES, "retry_after": BUSY_STATUSES}.get(kind, (200,))
            )
            before = kind in {"retry_after", "deaf"} or (
                kind in _EITHER_WAY and self.when == "before"
            )
            chance = self._dice.getrandbits(32)
        return FaultDecision(
            kind,
            before,
            self.latency,
            status,
            self.seconds,
            self.megabytes,
            self.skew_seconds,
            chance,
        )

    def _strike(self) -> str | None:
        share = self._dice.random()
        for kind, wanted in self.shares.items():
            share -= wanted
            if share < 0:
                return kind
        return None

    def shown(self) -> dict[str, Any]:
        """Give what is set, as plain JSON; `refuse` is what is left of it, `struck` how often it
        has struck.
        """
        left = max(0.0, self.refuse - (time.monotonic() - self._since))
        names = (
            "when",
            "times",
            "skip",
            "latency",
            "seconds",
            "megabytes",
            "skew_seconds",
            "seed",
            "struck",
        )
        shares = {kind: self.shares.get(kind, 0.0) for kind in KINDS}
        more = {"only": list(self.only), "refuse": round(left, 3)}
        return shares | {name: getattr(self, name) for name in names} | more


def read_faults(wanted: dict[str, Any]) -> Faults:
    """Make faults of plain JSON; what is not named is off. Raises UnfitFault."""
    known = (*KINDS, "when", "only", "times", "skip", *_NUMBERS, "seed")
    if unknown := sorted(wanted.keys() - set(known)):
        raise UnfitFault(f"unknown fault {unknown[0]!r}: use any of {', '.join(known)}")
    for name in wanted.keys() & {*KINDS, *_NUMBERS}:
        _check_number(name, wanted[name], *_NUMBERS.get(name, (0.0, 1.0)))
    shares = {kind: float(wanted[kind]) for kind in KINDS if wanted.get(kind)}
    if sum(shares.values()) > 1:
        raise UnfitFault(f"{', '.join(shares)} together cannot be more than 1")
    if wanted.get("when", "after") not in ("after", "before"):
        raise UnfitFault('when must be "after" or "before" (the world has applied the request)')
    seed = wanted.get("seed", 1)
    times = wanted.get("times")
    skip = wanted.get("skip", 0)
    if (
        not _whole(seed)
        or not (times is None or (_whole(times) and times >= 0))
        or not (_whole(skip) and skip >= 0)
    ):
        raise UnfitFault(
            "seed must be a whole number, times and skip whole numbers from 0, times also null for"
            " no limit"
        )
    only = _operations(wanted.get("only", []))
    chance = random.Random(seed)  # noqa: S311 - play, not secrecy
    others = {name: value for name, value in wanted.items() if name not in KINDS}
    return Faults(**{**others, "only": only}, shares=shares, _dice=chance)


def _check_number(name: str, value: object, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise UnfitFault(f"{name} must be a number from {least:g} to {most:g}, not {value!r}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _operations(names: object) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise UnfitFault("only must be a list of operations")
    for name in names:
        if not isinstance(name, str) or name not in OPERATIONS:
            raise UnfitFault(
                f"only names {name!r}, which is no operation: use any of {', '.join(OPERATIONS)}"
            )
    return tuple(names)
