"""Which spaces something is about: one answer for all that may be seen, told, asked for and done.

A space goes by its key. None stands for a space that is not known, and for what is in no space:
neither lies within anybody's spaces.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from bridge.core.model import Body, Event, Job, Json
from bridge.core.requests import CallRequest, RuleSilenceRequest

Space = str | None
# the newest object of a kind with this id
Look = Callable[[str, Json], Body | None]

# nouns that do not say by themselves where they are
_ELSEWHERE = frozenset({"bond", "body", "events", "incident", "job", "new", "old", "sample"})


def unknown(_kind: str, _identifier: Json) -> None:
    """For callers that know no object but those of the event."""


def within(space: Space, globs: Iterable[str]) -> bool:
    """Whether a space is one of these."""
    return space is not None and any(fnmatchcase(space, str(glob)) for glob in globs)


def all_within(spaces: Iterable[Space], globs: Iterable[str]) -> bool:
    """Whether something about these spaces is wholly within the globs; what is about none is
    not.
    """
    found = list(spaces)
    allowed = list(globs)
    return bool(found) and all(within(space, allowed) for space in found)


def of_bond(bond: Body | None) -> Space:
    """The space that a bond is in."""
    key = ((bond or {}).get("space") or {}).get("key")
    return None if key is None else str(key)


def of_object(kind: str, identifier: Json, look: Look) -> Space:
    """The space that a bond, a leg or a space, by its id or key, is in."""
    if kind == "space":
        return None if identifier is None else str(identifier)
    if kind == "leg":
        identifier = (look("leg", identifier) or {}).get("bond")
    elif kind != "bond":
        return None
    return None if identifier is None else of_bond(look("bond", identifier))


def spaces_of(what: Event | Job | Iterable[Event | Job], look: Look = unknown) -> frozenset[Space]:
    """The spaces that an event, a call, or several of them (a group, an incident, a decision with
    its jobs, a notice with its events) are about. Only a job that calls nothing is about none.
    """
    if isinstance(what, Event):
        return _of_event(what, look)
    if isinstance(what, Job):
        if not isinstance(what.request, CallRequest):
            return frozenset()
        return _of_call(what.request.arguments, what.target, look)
    found = frozenset[Space]().union(*(spaces_of(each, look) for each in what))
    return found or frozenset({None})


def named(event: Event, look: Look = unknown) -> frozenset[Space]:
    """The spaces of the bonds, legs and spaces that an event names; nothing where it names none.
    What other objects are in (an aggregator, a user) says nothing of the bonds that it is about.
    """
    found: set[Space] = set()
    own = _noun(event, "bond")
    if own.get("id") is not None or of_bond(own) is not None:
        found.add(of_bond(own) or of_object("bond", own.get("id"), look))
    for name, noun in event.data.items():
        if name == "space" and _noun(event, name).get("key") is not None:
            found.add(str(noun["key"]))
        elif name not in _ELSEWHERE and isinstance(noun, Mapping):
            found |= _of_noun(event, noun, own, look)
    return frozenset(found)


def touched(job: Job, event: Event, look: Look) -> Iterator[tuple[str, Space]]:
    """Every object that a call or a silence names, in words, and its space."""
    request = job.request
    if isinstance(request, CallRequest):
        arguments = request.arguments
        kinds = _kinds(arguments)
        for kind in kinds:
            yield f"{kind} {arguments[kind]}", of_object(kind, arguments[kind], look)
        if not kinds:
            yield request.operation, None
    elif isinstance(request, RuleSilenceRequest):
        yield f"this {request.per}", _silenced(request.per, event, look)


def _silenced(per: str, event: Event, look: Look) -> Space:
    if per != "space":
        return of_object(per, _noun(event, per).get("id"), look)
    bond = _noun(event, "bond")
    if bond:
        return of_bond(bond)
    return of_object("space", _noun(event, "space").get("key"), look)


def _kinds(arguments: Body) -> list[str]:
    """The kinds of objects in a space that a call names."""
    return [kind for kind in ("bond", "leg", "space") if arguments.get(kind) is not None]


def _of_event(event: Event, look: Look) -> frozenset[Space]:
    found = set(named(event, look))
    job = event.data.get("job")
    if isinstance(job, Mapping):
        found |= _of_call(job.get("arguments") or {}, "", look)
    incident = event.data.get("incident")
    if isinstance(incident, Mapping):
        found.add(str(incident.get("key")) if incident.get("cause") == "space" else None)
    return frozenset(found or {None})


def _of_call(arguments: Body, target: str, look: Look) -> frozenset[Space]:
    """A call that names no bond and no leg is outside every space, also one on a space itself."""
    kinds = _kinds(arguments)
    found = {of_object(kind, arguments[kind], look) for kind in kinds}
    kind, _, identifier = target.partition("/")
    if kind == "bond":
        found.add(of_object("bond", identifier, look))
    elif "bond" not in kinds and "leg" not in kinds:
        found.add(None)
    return frozenset(found)


def _of_noun(event: Event, noun: Body, own: Body, look: Look) -> set[Space]:
    """The space of the bond that a noun belongs to; nothing for one that belongs to none."""
    bond = noun.get("bond")
    leg = noun.get("leg")
    if bond is None and leg is not None:
        known = _noun(event, "leg")
        same = str(known.get("id")) == str(leg)
        bond = ((known if same else look("leg", leg)) or {}).get("bond")
        if bond is None:
            return {None}
    # the bond that the event names itself has been counted; an example may leave out its id
    itself = bool(own) and own.get("id") in (None, bond)
    if bond is None or itself or str(own.get("id")) == str(bond):
        return set()
    return {of_object("bond", bond, look)}


def _noun(event: Event, name: str) -> Body:
    noun = event.data.get(name)
    return noun if isinstance(noun, Mapping) else {}
