"""Faults: switches that make the server fail in the ways servers do. They have chance of their own, not the world's."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from bridge.bonding.catalogue import OPERATIONS

SHARES = ("errors", "cut", "drop")
BROKEN_STATUSES = (500, 502, 503)
LONGEST_SECONDS = 3600


class UnfitFault(ValueError):
    """These faults cannot be set; the text says why."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one request: `kind` is None or one of SHARES; `before` says it never reaches the world."""

    kind: str | None = None
    before: bool = False
    latency: float = 0.0
    status: int = 500


@dataclass(slots=True)
class Faults:
    """The faults that are set now.

    `errors`, `cut`, `drop`: shares of requests, 0 to 1, together at most 1. `only`: the operations they are limited to,
    empty for all. `times`: how often they may still strike, None for ever. `latency`, `refuse`: seconds of real time.
    """

    errors: float = 0.0
    cut: float = 0.0
    drop: float = 0.0
    when: str = "after"
    only: tuple[str, ...] = ()
    times: int | None = None
    latency: float = 0.0
    refuse: float = 0.0
    seed: int = 1
    struck: int = 0
    _since: float = field(default_factory=time.monotonic)
    _dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - play, not secrecy
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, operation: str | None) -> Fate:
        """Decide the fate of one request; `operation` is its name in the catalogue, or None."""
        if self.only and operation not in self.only:
            return Fate()
        with self._lock:
            kind = None if self.times == 0 else self._strike()
            if kind is not None:
                self.struck += 1
                self.times = None if self.times is None else self.times - 1
            status = self._dice.choice(BROKEN_STATUSES) if kind == "errors" else 500
        return Fate(kind, self.when == "before", self.latency, status)

    def _strike(self) -> str | None:
        share = self._dice.random()
        for kind in SHARES:
            share -= float(getattr(self, kind))
            if share < 0:
                return kind
        return None

    def shown(self) -> dict[str, Any]:
        """Give what is set, as plain JSON; `refuse` is what is left of it, `struck` how often it has struck."""
        left = max(0.0, self.refuse - (time.monotonic() - self._since))
        names = ("errors", "cut", "drop", "when", "times", "latency", "seed", "struck")
        return {name: getattr(self, name) for name in names} | {"only": list(self.only), "refuse": round(left, 3)}


def read_faults(wanted: dict[str, Any]) -> Faults:
    """Make faults of plain JSON; what is not named is off. Raises UnfitFault."""
    known = ("errors", "cut", "drop", "when", "only", "times", "latency", "refuse", "seed")
    if unknown := sorted(wanted.keys() - set(known)):
        raise UnfitFault(f"unknown fault {unknown[0]!r}: use any of {', '.join(known)}")
    for name in SHARES:
        _number(wanted, name, 1)
    for name in ("latency", "refuse"):
        _number(wanted, name, LONGEST_SECONDS)
    if sum(wanted.get(name, 0) for name in SHARES) > 1:
        raise UnfitFault("errors, cut and drop together cannot be more than 1")
    if wanted.get("when", "after") not in ("after", "before"):
        raise UnfitFault('when must be "after" or "before" (the world has applied the request)')
    seed, times = wanted.get("seed", 1), wanted.get("times")
    if not _whole(seed) or not (times is None or (_whole(times) and times >= 0)):
        raise UnfitFault("seed must be a whole number, times a whole number from 0, or null for no limit")
    only = _operations(wanted.get("only", []))
    chance = random.Random(seed)  # noqa: S311 - play, not secrecy
    return Faults(**{**wanted, "only": only}, _dice=chance)


def _number(wanted: dict[str, Any], name: str, most: float) -> None:
    value = wanted.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise UnfitFault(f"{name} must be a number from 0 to {most}, not {value!r}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _operations(names: object) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise UnfitFault("only must be a list of operations")
    for name in names:
        if not isinstance(name, str) or name not in OPERATIONS:
            raise UnfitFault(f"only names {name!r}, which is no operation: use any of {', '.join(OPERATIONS)}")
    return tuple(names)
