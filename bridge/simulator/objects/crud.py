"""Create, replace, update and delete: a body becomes a draft, the draft is checked, the world
changes.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from bridge.bonding.catalogue import Operation
from bridge.simulator.behaviour import tunings
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.objects import drafts, mutations
from bridge.simulator.objects.constraints import RULES
from bridge.simulator.objects.drafts import Draft
from bridge.simulator.objects.queries import object_of, parents
from bridge.simulator.schema import kinds
from bridge.simulator.schema.accounts import Caller
from bridge.simulator.schema.references import Reader
from bridge.simulator.world.entities import Bond, Leg, Thing
from bridge.simulator.world.operation_results import Done, Missing
from bridge.simulator.world.world import World

VERBS = frozenset({"create", "replace", "update", "delete"})


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One request to change an object: the operation, the arguments of its path, its body, and who
    asks.
    """

    row: Operation
    arguments: dict[str, Any]
    body: dict[str, Any]
    asker: Caller
    reader: Reader


def is_wish(row: Operation) -> bool:
    """Whether an operation is one of these."""
    return row.writes and row.name.rpartition(".")[2] in VERBS


def carry_out(world: World, wish: WriteRequest) -> Done:
    """Do what is wished. Raises Invalid, Refused, Missing."""
    kind = kinds.of_operation(wish.row)
    if kind is None:
        raise Missing
    verb = wish.row.name.rpartition(".")[2]
    if verb == "create":
        return _create(world, kind, wish)
    thing = _present(world, kind, wish)
    _check_idle(world, thing)
    if verb == "delete":
        title = mutations.title(world, thing)
        mutations.remove(world, thing)
        return Done(f"{kind.label} {title} is deleted", status=HTTPStatus.NO_CONTENT)
    return _change(world, kind, thing, wish, whole=verb == "replace")


def _create(world: World, kind: kinds.Kind, wish: WriteRequest) -> Done:
    draft = Draft(world, kind, wish.asker, parents(world, wish.row, wish.arguments))
    _fill(draft, wish, whole=True)
    thing = mutations.add(draft)
    return Done(
        f"{kind.label} {mutations.title(world, thing)} is created",
        thing=thing,
        status=HTTPStatus.CREATED,
    )


def _present(world: World, kind: kinds.Kind, wish: WriteRequest) -> Thing:
    thing = object_of(world, kind, wish.row, wish.arguments)
    if not wish.asker.sees(world, thing):
        raise Missing
    return thing


def _change(
    world: World, kind: kinds.Kind, thing: Thing, wish: WriteRequest, *, whole: bool
) -> Done:
    draft = Draft(world, kind, wish.asker, dict(kinds.parents_of(thing)), thing)
    _fill(draft, wish, whole=whole)
    changed = mutations.change(draft, thing)
    text = (
        f"{kind.label} {mutations.title(world, thing)}"
        f" {'is changed' if changed else 'was so already'}"
    )
    return Done(text, effective=changed, thing=thing)


def _fill(draft: Draft, wish: WriteRequest, *, whole: bool) -> None:
    drafts.read(draft, wish.reader, wish.body, whole=whole)
    for rule in RULES.get(draft.kind.name, ()):
        rule(draft)


def _check_idle(world: World, thing: Thing) -> None:
    """Bonds and legs cannot be edited while a tuning of the bond, or of one of its legs, runs.

    Source: the vendor's page on managing bonds.
    """
    bond = thing.id if isinstance(thing, Bond) else thing.bond if isinstance(thing, Leg) else None
    if bond is not None and tunings.running(world, bond):
        raise Refused("This cannot be changed while a tuning of the bond is in progress.")
