"""`set`: one field of one object changed by hand, as if it had come to be so by itself."""

from collections.abc import Callable
from typing import Any, cast

from bridge.simulator.behaviour import config_updates, failover, tunings
from bridge.simulator.objects import manual_kind_edits
from bridge.simulator.schema import kinds as table
from bridge.simulator.world.entities import Bond, Leg, Thing
from bridge.simulator.world.operation_results import Missing
from bridge.simulator.world.world import World

_LONGEST = 200
_FASTEST = 1_000_000
_LISTED = 12  # as many ids are named one by one in an answer

Put = Callable[[World, Any, Any], bool]


class Unfit(ValueError):
    """What was asked for does not exist or cannot be; the text says what can."""


def _is(check: Callable[[object], bool], wanted: str, put: Put) -> Put:
    def checked(world: World, thing: Thing, value: object) -> bool:
        if not check(value):
            raise Unfit(f"the value must be {wanted}, not {value!r}")
        return put(world, thing, value)

    return checked


def _field(name: str) -> Put:
    return lambda world, thing, value: world.put(thing, name, value)


def _put_line(world: World, leg: Leg, value: str) -> bool:
    before = leg.line
    leg.line = value
    world.settle([leg])
    return before != value


def _put_link_mode(world: World, leg: Leg, value: str) -> bool:
    changed = world.put(leg, "link_mode", value)
    world.settle([leg])
    return changed


def _put_current(world: World, bond: Bond, value: int) -> bool:
    return failover.move(world, bond, _known_aggregator(world, value), failover.MOVE_SECONDS)


def _put_secondary(world: World, bond: Bond, value: int | None) -> bool:
    if value is not None and _known_aggregator(world, value) == bond.primary:
        raise Unfit("the secondary must differ from the primary")
    return world.put(bond, "secondary", value)


def _known_aggregator(world: World, value: int) -> int:
    if value not in world.aggregators:
        raise Unfit(f"no aggregator has the id {value}: there are {_listed(world.aggregators)}")
    return value


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(put: Put) -> Put:
    return _is(
        lambda value: isinstance(value, str) and len(value) <= _LONGEST,
        f"text of at most {_LONGEST} characters",
        put,
    )


def _name(put: Put) -> Put:
    return _is(
        lambda v: isinstance(v, str) and 0 < len(v) <= _LONGEST,
        f"text of 1 to {_LONGEST} characters",
        put,
    )


def _speed(name: str) -> Put:
    def fits(value: object) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value <= _FASTEST
        )

    return _is(fits, f"a number of Mbit/s, 0 to {_FASTEST}", _field(name))


def _yes_no(put: Put) -> Put:
    return _is(lambda value: isinstance(value, bool), "true or false", put)


def _one_of(*choices: str, put: Put) -> Put:
    return _is(lambda value: value in choices, f"one of {', '.join(choices)}", put)


EDITS: dict[str, dict[str, Put]] = {
    "leg": {
        "state": _name(_put_line),
        "link_mode": _one_of("active", "idle", "offline", put=_put_link_mode),
        "note": _text(_field("note")),
        "down_speed": _speed("down_speed"),
        "up_speed": _speed("up_speed"),
        "failover": _yes_no(_field("failover")),
    },
    "bond": {
        "name": _name(_field("name")),
        "note": _text(_field("note")),
        "circuit_id": _text(_field("circuit_id")),
        "packet_distribution": _name(_field("packet_distribution")),
        "current_aggregator": _is(_whole, "an aggregator's id", _put_current),
        "secondary_aggregator": _is(
            lambda v: v is None or _whole(v), "an aggregator's id or null", _put_secondary
        ),
    },
    "aggregator": {
        "broken": _yes_no(lambda world, it, value: failover.put_broken(world, it, broken=value)),
        "name": _name(_field("name")),
        "note": _text(_field("note")),
    },
    "bond_tuning": {
        "status": _name(tunings.put_status),
        "success": _yes_no(_field("success")),
        "accepted": _is(
            lambda v: v is None or isinstance(v, bool), "true, false or null", _field("accepted")
        ),
    },
    "node": {
        "away": _yes_no(lambda world, it, value: config_updates.put_away(world, it, away=value))
    },
}
EDITS["leg_tuning"] = EDITS["bond_tuning"]


def edit(world: World, kind: str, number: object, field: str, value: object) -> bool:
    """Change one field now; False when it was so already. Raises Unfit with what would have been
    right.
    """
    own = EDITS.get(kind, {})
    if field not in own:
        return _edit_by_table(world, kind, number, field, value)
    things = _things(world, kind)
    if not _whole(number) or number not in things:
        raise Unfit(f"no {kind} has the id {number!r}: there are {_listed(things)}")
    return own[field](world, things[number], value)


def _edit_by_table(world: World, kind: str, number: object, field: str, value: object) -> bool:
    """Whatever the table knows can be set too, by the names of the vendor's JSON."""
    kinds = [*EDITS, *(name for name in table.KINDS if name not in EDITS)]
    if kind not in kinds:
        raise Unfit(f"unknown kind {kind!r}: use one of {', '.join(kinds)}")
    names = [*EDITS.get(kind, {}), *manual_kind_edits.names(kind)]
    if field not in names:
        raise Unfit(
            f"a {kind} has no field {field!r} that can be set: use one of {', '.join(names)}"
        )
    try:
        thing, known = manual_kind_edits.settable(world, kind, number)
        return manual_kind_edits.put(world, thing, known[field], value)
    except (Missing, KeyError):
        raise Unfit(f"no {kind} with the field {field!r} has the id {number!r}") from None
    except ValueError as error:
        raise Unfit(f"{field} cannot be {value!r}: {error}") from None


def _things(world: World, kind: str) -> dict[int, Any]:
    """Give what can be edited by its id; a node is nothing but its id here."""
    if kind == "node":
        return {
            number: number
            for number in (*world.aggregators, *(bond.bonder for bond in world.bonds.values()))
        }
    if kind.endswith("_tuning"):
        return {number: tuning for number, tuning in world.tunings.items() if tuning.kind == kind}
    return {"leg": world.legs, "bond": world.bonds, "aggregator": world.aggregators}[kind]  # type: ignore[return-value]


def _listed(things: object) -> str:
    numbers = list(cast("dict[int, Thing]", things))
    if len(numbers) <= _LISTED:
        return ", ".join(map(str, numbers))
    return f"{numbers[0]} to {numbers[-1]}"
