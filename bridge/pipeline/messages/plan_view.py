"""A plan as people see it: what would be done, to what by name, and what brought it about. The one
place that adds names.

Names are of the newest view, read when a plan is told, and no part of what a yes is to: who answers
says yes to numbers.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from bridge.core.chat import tokenizer
from bridge.core.events.headlines import headline
from bridge.core.job_summary import asks
from bridge.core.model import Body, Job
from bridge.core.requests import CallRequest
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots

_SHOWN = 10

# arguments of an operation that mean an object with a name, and its kind
_KINDS = {
    "bond": "bond",
    "leg": "leg",
    "aggregator": "aggregator",
    "node": "node",
    "bonder": "bonder",
}

_Key = tuple[str, str]


def every(connection: Connection, jobs: Sequence[Job]) -> list[str]:
    """What each job asks for, a line each: `"bond.restart bond=6 (burnaby-hq)"`."""
    names = _names(connection, jobs)
    return [asks(job.action, job.request, _named(job, names)) for job in jobs]


def shown(connection: Connection, jobs: Sequence[Job], most: int = _SHOWN) -> tuple[str, ...]:
    """What would be called, a line each, long lists cut with a count."""
    calls = [job for job in jobs if job.action == "call"]
    more = (f"… and {len(calls) - most} more",) if len(calls) > most else ()
    return (*every(connection, calls[:most]), *more)


def cause(connection: Connection, jobs: Sequence[Job]) -> str:
    """The events that brought these about, the first in words; "" where none is kept any more."""
    found = event_store.several(connection, list(dict.fromkeys(job.event for job in jobs)))
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    if found:
        return tokenizer.plain(headline(found[0])) + more
    return ""


def _names(connection: Connection, jobs: Iterable[Job]) -> Mapping[tuple[str, _Key], str]:
    """What the objects of these calls are called, by server, kind and id; a leg by its bond's name,
    too.
    """
    wanted: dict[str, set[_Key]] = {}
    for job in jobs:
        wanted.setdefault(job.server, set()).update(_objects(job).values())
    return {
        (server, key): name
        for server, keys in wanted.items()
        for key, name in _called(connection, server, keys)
    }


def _called(connection: Connection, server: str, keys: set[_Key]) -> Iterable[tuple[_Key, str]]:
    found = snapshots.bodies(connection, server, keys)
    bonds = {("bond", str(body.get("bond"))) for (kind, _), body in found.items() if kind == "leg"}
    found |= snapshots.bodies(connection, server, bonds - found.keys())
    for key in keys & found.keys():
        name = _name(found[key])
        if key[0] == "leg":
            within = _name(found.get(("bond", str(found[key].get("bond"))), {}))
        else:
            within = ""
        if name:
            yield key, f"{within}/{name}" if within else name


def _objects(job: Job) -> dict[str, _Key]:
    """The objects that a call's arguments mean, by argument."""
    if not isinstance(job.request, CallRequest):
        return {}
    return {
        argument: (_KINDS[argument], str(value))
        for argument, value in job.request.arguments.items()
        if argument in _KINDS
    }


def _named(job: Job, names: Mapping[tuple[str, _Key], str]) -> dict[str, str]:
    found = {argument: names.get((job.server, key)) for argument, key in _objects(job).items()}
    return {argument: name for argument, name in found.items() if name}


def _name(body: Body) -> str:
    """Names are the server's own words: on one line, and steering nothing."""
    return " ".join(tokenizer.plain(str(body.get("name") or "")).split())
