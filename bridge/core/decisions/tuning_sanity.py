"""Tunings are judged before they are accepted (G17): a link measured at a bad moment must not
become its speed.

What a tuning recommends is `{"legs": [{"leg": 12, "down_speed": 48.5, "up_speed": 9.6}], …}`,
speeds in Mbit/s; what stands beside the legs' speeds is not judged.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import TypeGuard

from bridge.core.model import Body, Json
from bridge.core.rules.rule import TuningLimits

SPEEDS = ("down_speed", "up_speed")
_SAID = {"down_speed": "download", "up_speed": "upload"}
_MOST = 3  # reasons that are told one by one

Legs = Mapping[int, Body]


def odd(recommendations: Json, legs: Legs, usual: Legs, limits: TuningLimits) -> str | None:
    """Why a person must look at it, in a sentence; None where nothing is odd.

    `legs`: the legs' bodies by id. `usual`: by id the medians of SPEEDS of what was accepted
    before, as far as known. What cannot be understood is odd.
    """
    advice = _advice(recommendations)
    if advice is None:
        return "what it recommends is not understood"
    if not advice:
        return "it recommends no speed of any leg"
    if len({leg for leg, _ in advice}) < len(advice):
        return "it recommends two things for one leg"
    reasons = [
        reason for leg, speeds in advice for reason in _reasons(leg, speeds, legs, usual, limits)
    ]
    more = len(reasons) - _MOST
    told = "; ".join(reasons[:_MOST]) + (f"; and {more} more" if more > 0 else "")
    return told or None


def old_values(recommendations: Json, legs: Legs) -> dict[int, dict[str, Json]]:
    """By leg, the speeds that accepting would change, as they are now: what would put them back.
    Unknown legs: none.
    """
    return {
        leg: {name: legs[leg].get(name) for name in SPEEDS}
        for leg, _ in _advice(recommendations) or ()
        if leg in legs
    }


def wire_fields(old: Body) -> dict[str, Json]:
    """What to send as `leg.update` of a leg to put its old values back; what was not known is left
    as it is.
    """
    # these two are called on the wire as they are here (a test of the wire says so)
    return {name: old[name] for name in SPEEDS if old.get(name) is not None}


def usual(accepted: Iterable[Json]) -> dict[str, dict[str, float]]:
    """What earlier tunings, whose recommendations were accepted, brought each leg: by its id, the
    median of each speed.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for recommendations in accepted:
        for leg, speeds in _advice(recommendations) or ():
            for name in SPEEDS:
                if _is_speed(speeds.get(name)):
                    found.setdefault(str(leg), {}).setdefault(name, []).append(float(speeds[name]))
    return {
        leg: {name: median(values) for name, values in brought.items()}
        for leg, brought in found.items()
    }


def _advice(recommendations: Json) -> list[tuple[int, Body]] | None:
    """(leg, what is recommended for it); None where it has another shape."""
    if isinstance(recommendations, Mapping):
        given = recommendations.get("legs")
    else:
        given = None
    if not isinstance(given, list) or not all(
        isinstance(each, Mapping) and _is_id(each.get("leg")) for each in given
    ):
        return None
    return [(each["leg"], each) for each in given]


def _is_id(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _reasons(
    leg: int, speeds: Body, legs: Legs, usual: Legs, limits: TuningLimits
) -> Iterator[str]:
    if leg not in legs:
        yield f"leg {leg} is not known here"
        return
    for name in SPEEDS:
        old = legs[leg].get(name)
        new = speeds.get(name)
        reason = _judged(new, old, usual.get(leg, {}).get(name), limits)
        if reason:
            yield (
                f"leg {_called(leg, legs[leg])}: {_SAID[name]} speed {_spoken(old)} →"
                f" {_spoken(new)} Mbit/s, {reason}"
            )


def _judged(new: Json, old: Json, median: Json, limits: TuningLimits) -> str:
    if not _is_speed(new):
        return "which is no speed"
    if new < limits.least:
        return f"below {limits.least:g}"
    if new > limits.most:
        return f"above {limits.most:g}"
    if not _is_speed(old):
        return "and what it is now is not known"
    if share := _too_much(new, old, limits):
        return f"a change {share}"
    if _is_speed(median):
        share = _too_much(new, median, limits)
    else:
        share = ""
    if share:
        return f"and it is usually {_spoken(median)}: {share}"
    return ""


def _too_much(new: float, old: float, limits: TuningLimits) -> str:
    change, most = abs(new - old), limits.change * old
    if change < most or math.isclose(change, most):
        return ""
    return f"by {change / old:.0%}, more than {limits.change:.0%}"


def _is_speed(value: Json) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > 0
    )


def _called(leg: int, body: Body) -> str:
    if body.get("name"):
        return f"{leg} ({body['name']})"
    return str(leg)


def _spoken(value: Json) -> str:
    if _is_speed(value):
        return f"{value:g}"
    return "nothing" if value is None else str(value)[:20]
