"""What stands around a batch of events: everything that is read before they are interpreted."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.core import attribution, incidents
from bridge.core.attribution import Done
from bridge.core.events import schema
from bridge.core.events.builder import bond_noun
from bridge.core.flapping import Bucket
from bridge.core.incidents import Cause, Loss
from bridge.core.json_safety import bounded, fits
from bridge.core.model import Body, Event
from bridge.core.objects.object_schemas import BODIES
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots
from bridge.store.observations.incidents import Kept

# how often an open incident is looked at
LOOK_AGAIN = timedelta(seconds=15)

# how an explanation names a job of ours
JOB = re.compile(r"\(job (\w+)\)")

_LOSS = "leg.down"
_RETURNS = ("leg.up", "leg.degraded")
_RUNS = ("bond_tuning", "leg_tuning", "speedtest")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`losses`: the batch's and the recent ones that nobody owns; `sizes`: bonds per cause; `names`
    of causes.
    """

    buckets: Mapping[int, Bucket]
    kept: Sequence[Kept]
    losses: Sequence[Loss]
    sizes: Mapping[Cause, int]
    names: Mapping[Cause, str]
    owners: Mapping[str, str]
    held: Mapping[int, datetime]
    done: Sequence[Done]
    runs: Sequence[tuple[str, Body]]
    depths: Mapping[str, int]


def gather(
    connection: Connection, server: str, fresh: Sequence[Event], now: datetime
) -> Surroundings:
    """Read what these events need; what none of them needs is not read."""
    about: list[int] = [event.data["leg"]["id"] for event in fresh if event.data.get("leg")]
    legs = {leg for leg in about if fits(leg)}
    moments = [judged_at(event) for event in fresh]
    first = min(moments)
    last = max(moments)
    recent = _recent_losses(connection, server, fresh, first, last)
    owners = incident_store.owners(connection, [each.id for each in (*recent, *fresh)])
    loose = [each for each in recent if each.id not in owners and _complete(each)]
    if loose:
        returns = _returns(connection, server, first, last)
    else:
        returns = {}
    losses = [_loss(server, each, returns) for each in loose]
    explainable = any(event.type in attribution.EXPLAINABLE for event in fresh)
    done = (
        job_store.calls_since(connection, server, first - attribution.LONGEST)
        if explainable
        else ()
    )
    return Surroundings(
        buckets=incident_store.buckets(connection, server, legs) if legs else {},
        kept=incident_store.recent(connection, server, first - incidents.WINDOW),
        losses=losses,
        sizes=_sizes(connection, server) if losses else {},
        names=_names(connection, server) if losses else {},
        owners={event.id: owners[event.id] for event in fresh if event.id in owners},
        held={
            row["bond"]: row["until"]
            for row in incident_store.held(connection, server, now).values()
        },
        done=done,
        depths=_depths(connection, done, fresh),
        runs=snapshots.bodies_of(connection, server, _RUNS) if explainable else (),
    )


def _depths(connection: Connection, done: Sequence[Done], fresh: Sequence[Event]) -> dict[str, int]:
    """How deep what each job of ours leads to is: one more than the event it answers. By its id,
    and as it is named.
    """
    jobs = {each.job for each in done} | {
        str(event.data["job"]["id"]) for event in fresh if event.data.get("job")
    }
    found = job_store.depths(connection, jobs)
    began = [str(event.data["origin"]) for event in fresh if event.data.get("origin")]
    same = {
        each.id: int(each.known.get("depth") or 0)
        for each in event_store.several(connection, began)
    }
    return {**found, **{job[:8]: depth for job, depth in found.items()}, **same}


def judged_at(event: Event) -> datetime:
    """The moment for which it is asked what explains an event: of what was found to be so, now."""
    if event.only is None:
        return event.time
    return event.seen_at


def bond_of(event: Event) -> int | None:
    """The bond an event is about."""
    return (event.data.get("bond") or {}).get("id")


def named_by(event: Event) -> frozenset[Cause]:
    """The cause that an event is itself about: what the server says of an aggregator."""
    about = event.data.get("aggregator")
    if about and event.type != "aggregator.suspected":
        return frozenset({("aggregator", str(about["id"]))})
    return frozenset()


def _recent_losses(
    connection: Connection, server: str, fresh: Sequence[Event], first: datetime, last: datetime
) -> list[Event]:
    if not any(event.type == _LOSS and event.only is None for event in fresh):
        return []
    window = incidents.WINDOW
    # those that wait to be decided, too: the first of a thousand is to know already that it is one
    # of a thousand
    return event_store.happened(connection, server, _LOSS, first - window, last + window)


def _returns(
    connection: Connection, server: str, first: datetime, last: datetime
) -> Mapping[int, list[tuple[datetime, str]]]:
    """When legs ceased to be down and the events that say so, by leg."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    for name in _RETURNS:
        for each in event_store.happened(
            connection, server, name, first - incidents.WINDOW, last + incidents.WINDOW
        ):
            found.setdefault(each.data["leg"]["id"], []).append((each.time, each.id))
    return found


def _complete(event: Event) -> bool:
    return event.data["leg"]["id"] is not None and bond_of(event) is not None


def _loss(server: str, event: Event, returns: Mapping[int, Sequence[tuple[datetime, str]]]) -> Loss:
    bond = event.data["bond"]
    leg = event.data["leg"]
    # a bond that has moved since still belongs with those that were on its primary
    if event.data.get("over"):
        at = bond.get("primary")
    else:
        at = bond.get("current")
    causes = {
        ("aggregator", str(each))
        for each in (bond.get("current"), bond.get("primary"))
        if each is not None
    }
    causes |= {("server", server)}
    if leg.get("provider") is not None:
        causes.add(("provider", str(leg["provider"])))
    if (bond.get("space") or {}).get("key"):
        causes.add(("space", bounded(bond["space"]["key"])))
    later = (each for each in returns.get(leg["id"], ()) if each[0] > event.time)
    over, back = min(later, default=(None, None))
    return Loss(
        event.id,
        bond["id"],
        leg["id"],
        event.time,
        frozenset(causes),
        ("aggregator", str(at)),
        over,
        back,
    )


def _sizes(connection: Connection, server: str) -> dict[Cause, int]:
    """How many bonds have each cause in common. With one aggregator, that is what everything has in
    common.
    """
    sizes: Counter[Cause] = Counter()
    aggregators = set()
    for kind, body in snapshots.bodies_of(connection, server, ("placement", "bond")):
        if kind == "placement":
            sizes.update(("aggregator", str(at)) for at in {body["current"], body["primary"]})
            sizes["server", server] += 1
            aggregators.add(body["current"])
        elif body["space"]["key"]:
            sizes["space", bounded(body["space"]["key"])] += 1
    providers = {
        (str(body["provider"]), body["bond"])
        for _, body in snapshots.bodies_of(connection, server, ("leg",))
        if body.get("provider") is not None
    }
    sizes.update(("provider", provider) for provider, _ in providers)
    if len(aggregators) < 2:  # noqa: PLR2004  one
        sizes["server", server] = 10**9
    return dict(sizes)


def _names(connection: Connection, server: str) -> dict[Cause, str]:
    kinds = {"aggregator": "aggregator", "mobile_provider_profile": "provider"}
    found = snapshots.bodies_of(connection, server, tuple(kinds))
    return {(kinds[kind], str(body["id"])): str(body["name"]) for kind, body in found}


@dataclass(frozen=True, slots=True)
class Standings:
    """How legs and aggregators stand by the newest snapshot; `names`: how those that are gone were
    known.
    """

    found: Mapping[tuple[str, str], Body]
    names: Mapping[tuple[str, str], Body] = field(default_factory=dict)

    def down(self, leg: int) -> bool:
        """Whether a leg is down; one that is gone is not."""
        body = self.found.get(("leg", str(leg)))
        return bool(body and body["standing"] == "down")

    def by_bond(self, legs: Collection[int]) -> Mapping[int, Sequence[int]]:
        """Those of these legs that are there, by their bond."""
        found: dict[int, list[int]] = {}
        for leg in sorted(legs):
            body = self.found.get(("leg", str(leg)))
            if body is not None and body["bond"] is not None:
                found.setdefault(body["bond"], []).append(leg)
        return found

    def failed(self, cause: Cause) -> bool:
        """Whether the cause is an aggregator that the server calls failed."""
        if cause[0] == "aggregator":
            body = self.found.get(cause)
        else:
            body = None
        return bool(body and body["standing"] == "down")

    def nouns(self, leg: int) -> Mapping[str, Body]:
        """A leg and its bond, as an event names them. How one that is gone stands nobody knows."""
        key = ("leg", str(leg))
        known = {**schema.blank(BODIES["leg"]), "id": leg, **self.names.get(key, {})}
        body = self.found.get(key, {**known, "standing": None})
        bond = str(body["bond"])
        return {
            "leg": body,
            "bond": bond_noun(
                body["bond"], self.names.get(("bond", bond)), self.names.get(("placement", bond))
            ),
        }


def standings(
    connection: Connection, server: str, legs: Iterable[int], kept: Iterable[Kept]
) -> Standings:
    """Of these legs, their bonds and the incidents' causes."""
    wanted = {("leg", str(leg)) for leg in legs} | {each.incident.cause for each in kept}
    found = snapshots.bodies(connection, server, wanted, there=True)
    gone = snapshots.bodies(connection, server, wanted - found.keys())
    legs_known = [body for (kind, _), body in (found | gone).items() if kind == "leg"]
    bonds = {(kind, str(body["bond"])) for body in legs_known for kind in ("bond", "placement")}
    return Standings(found, {**gone, **snapshots.bodies(connection, server, bonds)})
