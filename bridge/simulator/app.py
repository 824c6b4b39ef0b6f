"""The vendor's HTTP around a world. Routes are made from the catalogue's rows: a new row is a new route."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.http import http_date
from werkzeug.routing import IntegerConverter, Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from bridge.bonding.catalogue import OPERATIONS, ROOT, Operation
from bridge.simulator import spoil
from bridge.simulator.failover import Refused
from bridge.simulator.faults import Fate, Faults
from bridge.simulator.listen import FATE
from bridge.simulator.live import Live
from bridge.simulator.manners import (
    JSON,
    Problem,
    User,
    authenticate,
    check_accept,
    check_body,
    in_order,
    ordering,
    page_of,
)
from bridge.simulator.operations import DOCUMENTS, FILES, GETS, LISTS, WRITES
from bridge.simulator.outcomes import Invalid, Missing
from bridge.simulator.raw import Pen
from bridge.simulator.world import World

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Id(IntegerConverter):
    """An id in a path; longer digits are no id, and would be slow to read."""

    regex = r"\d{1,18}"


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to: its operations by method, its arguments; `slashless`: only the last slash is missing."""

    methods: dict[str, Operation] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    slashless: bool = False

    @property
    def allow(self) -> str:
        """The `Allow` header: `GET, POST, HEAD, OPTIONS`."""
        named = [method for method in _ORDER if method in self.methods]
        return ", ".join([*named, *(["HEAD"] if "GET" in self.methods else []), "OPTIONS"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client is told, and whether the world applied what it asked."""

    status: int
    body: str | bytes
    headers: dict[str, str] = field(default_factory=dict)
    effective: bool = False
    effect: str = ""


def _pattern(row: Operation) -> str:
    kinds = {name: "string" if name == "space" else "id" for name in row.arguments}
    return ROOT + row.path.format(**{name: f"<{kind}:{name}>" for name, kind in kinds.items()})


def _made_from_catalogue() -> tuple[Map, dict[str, dict[str, Operation]]]:
    methods: dict[str, dict[str, Operation]] = {}
    for row in OPERATIONS.values():
        methods.setdefault(_pattern(row), {})[row.method] = row
    rules = [Rule(pattern, endpoint=pattern) for pattern in methods]
    return Map(rules, converters={"id": _Id}, merge_slashes=False), methods


class Vendor:
    """Answers everything below `/api/`."""

    def __init__(self, live: Live, users: Sequence[User], faults: Callable[[], Faults]) -> None:
        self._live = live
        self._users = users
        self._faults = faults
        self._map, self._methods = _made_from_catalogue()

    def answer(self, request: Request) -> Response:
        """Answer one request; its fate is left in the environment, for the socket to carry out its part."""
        route = self._find(request)
        operation = route.methods.get("GET" if request.method == "HEAD" else request.method)
        fate = self._faults().draw(operation.name if operation else None)
        time.sleep(fate.latency)
        request.environ[FATE] = fate
        with self._live.now() as world:
            answer = Answer(200, "") if fate.before else self._perform(world, request, route, operation)
            answer = _fated(fate, answer)
            if operation is not None and operation.writes:
                world.record(_entry(operation, route, answer, fate))
            now = world.now + timedelta(seconds=fate.skew_seconds if fate.kind == "skew" else 0)
            if answer.effective:
                self._live.save()
        headers = {"Content-Type": JSON, "Vary": "Accept, Cookie", "X-Frame-Options": "SAMEORIGIN", **answer.headers}
        if route.methods:
            headers["Allow"] = route.allow
        return Response(answer.body, answer.status, headers | {"Date": http_date(now)})

    def _find(self, request: Request) -> Route:
        try:
            pattern, arguments = self._map.bind(request.host or "localhost").match(request.path)
        except RequestRedirect:
            return Route(slashless=True)
        except NotFound:
            return Route()
        return Route(self._methods[pattern], dict(arguments))

    def _perform(self, world: World, request: Request, route: Route, operation: Operation | None) -> Answer:
        try:
            return self._done(world, request, route, operation)
        except Problem as problem:
            return _refusal(problem)
        except Missing:
            return _refusal(Problem(404, "Not found."))
        except Refused as refused:
            return _refusal(Problem(400, str(refused)))
        except Invalid as invalid:
            return Answer(400, _dumped(invalid.fields), effect=str(invalid))

    def _done(self, world: World, request: Request, route: Route, operation: Operation | None) -> Answer:
        user = authenticate(request, self._users)
        self._check_route(request, route)
        if request.method == "OPTIONS" or operation is None:
            return _described(request, route)
        check_accept(request)
        if operation.writes:
            return _written(world, request, user, operation, route)
        if operation.name in FILES:
            return _download(world, operation, route)
        return Answer(200, _dumped(_read(world, request, operation, route)))

    def _check_route(self, request: Request, route: Route) -> None:
        if route.slashless:
            query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
            raise Problem(301, "Moved Permanently", Location=f"{request.path}/{query}")
        if not route.methods:
            raise Problem(404, "Not found.")


def _read(world: World, request: Request, operation: Operation, route: Route) -> object:
    pen, fate = Pen(world, request.host_url.rstrip("/")), request.environ[FATE]
    if operation.name in GETS:
        thing = GETS[operation.name](world, route.arguments)
        if spoil.is_hidden(fate, thing):
            raise Missing
        return pen.write(thing)
    if operation.name in DOCUMENTS:
        return DOCUMENTS[operation.name](world, route.arguments)
    if operation.name not in LISTS:
        return pen.index()
    things = spoil.listed(fate, LISTS[operation.name](world, route.arguments))
    page = page_of(request, len(things)) if operation.paged else None
    shown = slice(page.first, page.last) if page else slice(None)
    if order := ordering(request):
        rows = in_order([pen.write(it) for it in things], order)[shown]
    else:  # by id, as they are: a page of thousands need not have all of them written out
        rows = [pen.write(it) for it in things[shown]]
    if page is None:
        return rows
    return {"count": page.count, "next": page.next, "previous": page.previous, "results": rows}


def _download(world: World, operation: Operation, route: Route) -> Answer:
    file = FILES[operation.name](world, route.arguments)
    headers = {"Content-Type": file.content_type, "Content-Disposition": f'attachment; filename="{file.name}"'}
    return Answer(200, file.content, headers)


def _written(world: World, request: Request, user: User, operation: Operation, route: Route) -> Answer:
    if user.read_only:
        raise Problem(403, "You do not have permission to perform this action.")
    check_body(request)
    body_sent = request.get_json() if request.mimetype == JSON and request.get_data() else request.form.to_dict()
    done = WRITES[operation.name](world, {**route.arguments, "body": body_sent})
    body = Pen(world, request.host_url.rstrip("/")).write(done.thing) if done.thing else {}
    headers = {"Location": body["url"]} if done.status == HTTPStatus.CREATED else {}
    return Answer(done.status, _dumped(body), headers, done.effective, done.effect)


def _described(request: Request, route: Route) -> Answer:
    if request.method != "OPTIONS":
        raise Problem(405, f'Method "{request.method}" not allowed.')
    name = next(iter(route.methods.values())).name
    body = {"name": name, "description": "", "renders": [JSON], "parses": [JSON]}
    return Answer(200, _dumped(body))


def _refusal(problem: Problem) -> Answer:
    return Answer(problem.status, _dumped(problem.body), problem.headers, effect=problem.body["detail"])


def _fated(fate: Fate, answer: Answer) -> Answer:
    """Give what the client sees of an answer, with a page of the web server in its place where the fault says so."""
    if page := spoil.page_instead(fate):
        effect = "never reached the world" if fate.before else answer.effect
        return Answer(*page, effective=answer.effective, effect=effect)
    if spoil.rewrites(fate) and isinstance(answer.body, str) and answer.body:
        return replace(answer, body=_dumped(spoil.rewritten(fate, json.loads(answer.body))))
    return answer


def _entry(operation: Operation, route: Route, answer: Answer, fate: Fate) -> dict[str, Any]:
    return {
        "operation": operation.name,
        "arguments": route.arguments,
        "status": None if fate.kind == "drop" else answer.status,
        "effective": answer.effective,
        "effect": answer.effect,
        "fault": fate.kind,
    }


def _dumped(body: object) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
