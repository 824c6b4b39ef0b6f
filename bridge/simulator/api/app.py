"""The vendor's HTTP around a world. Routes are made from the catalogue's rows: a new row is a new
route.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from bridge.bonding.catalogue import OPERATIONS, ROOT, Operation
from bridge.simulator.api.operation_handlers import DOCUMENTS, FILES, GETS, LISTS, WRITES
from bridge.simulator.api.status_documents import INDEXES
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.faults import corrupt_bodies
from bridge.simulator.faults.switches import FaultDecision, Faults
from bridge.simulator.objects import crud, filters, options_metadata, queries
from bridge.simulator.objects.serializer import Serializer
from bridge.simulator.schema import accounts, kinds
from bridge.simulator.schema.accounts import Caller
from bridge.simulator.schema.guessed_names import Names
from bridge.simulator.schema.references import Reader
from bridge.simulator.schema.rest_framework import (
    JSON,
    NUMBER,
    ServerOptions,
    VendorError,
    body_of,
    check_accept,
    in_order,
    ordering,
    page_of,
)
from bridge.simulator.schema.routes import Route, routes
from bridge.simulator.server.faulty_http_server import FATE
from bridge.simulator.server.live_world import Live
from bridge.simulator.world.operation_results import Invalid, Missing
from bridge.simulator.world.world import World

_LOGIN = f"{ROOT}/login/"


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What the client is told, and whether the world applied what it asked."""

    status: int
    body: str | bytes
    headers: dict[str, str] = field(default_factory=dict)
    effective: bool = False
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who may make it: the operation, the arguments of its path, the world,
    and who asks.
    """

    request: Request
    world: World
    row: Operation
    arguments: dict[str, Any]
    asker: Caller
    query: dict[str, list[str]]

    @property
    def fate(self) -> FaultDecision:
        """What befalls it."""
        fate: FaultDecision = self.request.environ[FATE]
        return fate

    @property
    def pen(self) -> Serializer:
        """What writes the answer."""
        return Serializer(self.world, self.request.host_url.rstrip("/"))


class Vendor:
    """Answers everything below `/api/`, in the `ways` of one server."""

    def __init__(self, live: Live, faults: Callable[[], Faults], ways: ServerOptions) -> None:
        self._live = live
        self._faults = faults
        self._ways = ways
        self._names = Names(renamed=ways.rename_guessed)
        self._routes = routes(literal=ways.literal)

    def answer(self, request: Request) -> Response:
        """Answer one request; its fate is left in the environment for the socket to carry out."""
        route = self._routes.find(request.path)
        operation = route.methods.get("GET" if request.method == "HEAD" else request.method)
        fate = self._faults().draw(operation.name if operation else None)
        time.sleep(fate.latency)
        request.environ[FATE] = fate
        with self._live.now() as world:
            if fate.before:
                answer = VendorAnswer(200, "")
            else:
                answer = self._perform(world, request, route, operation)
            answer = _fated(fate, answer)
            if operation is not None and operation.writes:
                world.record(_entry(operation, route, answer, fate))
            now = world.now + timedelta(seconds=fate.skew_seconds if fate.kind == "skew" else 0)
            if answer.effective:
                self._live.save()
        headers = {
            "Content-Type": JSON,
            "Vary": "Accept, Cookie",
            "X-Frame-Options": "SAMEORIGIN",
            **answer.headers,
        }
        if route.methods:
            headers["Allow"] = route.allow
        return Response(answer.body, answer.status, headers | {"Date": http_date(now)})

    def _perform(
        self, world: World, request: Request, route: Route, operation: Operation | None
    ) -> VendorAnswer:
        try:
            return self._done(world, request, route, operation)
        except VendorError as problem:
            return VendorAnswer(
                problem.status, _dumped(problem.body), problem.headers, effect=str(problem)
            )
        except Invalid as invalid:
            if operation is None:
                body = invalid.fields
            else:
                body = self._names.outward(operation, invalid.fields)
            return VendorAnswer(400, _dumped(body), effect=str(invalid))
        except Missing:
            return _refusal(404, "Not found.")
        except Refused as refused:
            return _refusal(400, str(refused))

    def _done(
        self, world: World, request: Request, route: Route, operation: Operation | None
    ) -> VendorAnswer:
        if request.path == _LOGIN and request.method == "POST" and self._ways.tokens:
            return VendorAnswer(200, _dumped(accounts.log_in(world, body_of(request), self._ways)))
        asker = accounts.authenticate(request, world, self._ways)
        _check_route(request, route)
        if request.method == "OPTIONS":
            return VendorAnswer(200, _dumped(self._described(world, route, asker)))
        if operation is None:
            raise VendorError(405, f'Method "{request.method}" not allowed.')
        check_accept(request)
        accounts.check(asker, operation)
        above = queries.above(world, operation, route.arguments)
        if above is not None and not asker.sees(world, above):
            raise Missing
        call = Call(
            request, world, operation, route.arguments, asker, self._query(request, operation)
        )
        if operation.writes:
            return self._written(call)
        if operation.name in FILES:
            return _download(call)
        return VendorAnswer(200, _dumped(self._read(call)))

    def _described(self, world: World, route: Route, asker: Caller) -> dict[str, Any]:
        body = options_metadata.described(route, asker, exists=_exists(world, route, asker))
        actions = {
            method: self._names.outward(route.methods[method], it)
            for method, it in body.get("actions", {}).items()
        }
        return body | ({"actions": actions} if actions else {})

    def _query(self, request: Request, row: Operation) -> dict[str, list[str]]:
        query = self._names.inward(row, dict(request.args.lists()))
        words = query.get("exclude_fields", [])
        return query | {"exclude_fields": [self._names.word(row, word) for word in words]}

    def _read(self, call: Call) -> object:
        name = call.row.name
        pen = call.pen
        if name in INDEXES:
            return pen.index(INDEXES[name], call.arguments)
        if name in DOCUMENTS:
            return self._names.outward(call.row, DOCUMENTS[name](call.world, call.arguments))
        if name in GETS:
            thing = GETS[name](call.world, call.arguments)
            if corrupt_bodies.is_hidden(call.fate, thing):
                raise Missing
            return self._shown(call, pen, thing)
        return self._listed(call, pen)

    def _listed(self, call: Call, pen: Serializer) -> object:
        things: list[Any] = call.asker.seen(
            call.world, LISTS[call.row.name](call.world, call.arguments)
        )
        things = corrupt_bodies.listed(
            call.fate, filters.wanted(call.world, call.row, things, call.query)
        )
        if call.row.paged:
            page = page_of(call.request, len(things))
        else:
            page = None
        if page:
            shown = slice(page.first, page.last)
        else:
            shown = slice(None)
        order = ordering(",".join(call.query.get("ordering", [])))
        order = [(self._names.word(call.row, name), down) for name, down in order]
        if order and not (order == [("id", False)] and _in_turn(things)):
            things = in_order([pen.write(it, call.row.name) for it in things], order)
        # otherwise by id, as they are: a page of thousands need not have all of them written out
        rows = [self._shown(call, pen, it) for it in things[shown]]
        if page is None:
            return rows
        return {"count": page.count, "next": page.next, "previous": page.previous, "results": rows}

    def _shown(self, call: Call, pen: Serializer, thing: Any) -> Any:
        body = filters.without(pen.write(thing, call.row.name), call.query)
        return self._names.outward(call.row, body)

    def _written(self, call: Call) -> VendorAnswer:
        kind = kinds.of_operation(call.row)
        if kind:
            many = [each.name for each in kind.fields if each.many]
        else:
            many = []
        body = self._names.inward(call.row, body_of(call.request, many))
        row, arguments = self._meant(call, body)
        if crud.is_wish(row):
            reader = Reader(call.world, self._routes, call.asker)
            done = crud.carry_out(
                call.world, crud.WriteRequest(row, arguments, body, call.asker, reader)
            )
        else:
            done = WRITES[row.name](call.world, {**arguments, "body": body})
        if done.status == HTTPStatus.NO_CONTENT:
            return VendorAnswer(done.status, "", effective=done.effective, effect=done.effect)
        if done.thing:
            shown = self._shown(call, call.pen, done.thing)
        else:
            shown = {}
        if done.status == HTTPStatus.CREATED and "url" in shown:
            headers = {"Location": shown["url"]}
        else:
            headers = {}
        return VendorAnswer(done.status, _dumped(shown), headers, done.effective, done.effect)

    def _meant(self, call: Call, body: dict[str, Any]) -> tuple[Operation, dict[str, Any]]:
        """Where the table is read to the letter, legs are changed through their list: the body says
        which.
        """
        row = OPERATIONS[call.row.name]
        if row.arguments == call.row.arguments:
            return row, call.arguments
        number = str(body.get("id") or call.request.args.get("id", ""))
        if not NUMBER.fullmatch(number):
            raise Invalid({"id": ["This field is required."]})
        return row, {**call.arguments, "leg": int(number)}


def _check_route(request: Request, route: Route) -> None:
    if route.slashless:
        if request.query_string:
            query = f"?{request.query_string.decode('latin-1')}"
        else:
            query = ""
        raise VendorError(301, "Moved Permanently", Location=f"{request.path}/{query}")
    if not route.methods:
        raise VendorError(404, "Not found.")


def _exists(world: World, route: Route, asker: Caller) -> bool:
    row = route.read
    if row is None or row.name not in GETS:
        return False
    try:
        return asker.sees(world, GETS[row.name](world, route.arguments))
    except Missing:
        return False


def _in_turn(things: list[Any]) -> bool:
    """Whether they are in the order of their numbers as they are, as nearly all lists are."""
    numbers = [number for it in things if isinstance(number := getattr(it, "id", None), int)]
    return len(numbers) == len(things) and numbers == sorted(numbers)


def _refusal(status: int, detail: str) -> VendorAnswer:
    return VendorAnswer(status, _dumped({"detail": detail}), effect=detail)


def _download(call: Call) -> VendorAnswer:
    file = FILES[call.row.name](call.world, call.arguments)
    headers = {
        "Content-Type": file.content_type,
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return VendorAnswer(200, file.content, headers)


def _fated(fate: FaultDecision, answer: VendorAnswer) -> VendorAnswer:
    """Give what the client sees of an answer, with a page of the web server in its place where the
    fault says so.
    """
    if page := corrupt_bodies.page_instead(fate):
        if fate.before:
            effect = "never reached the world"
        else:
            effect = answer.effect
        return VendorAnswer(*page, effective=answer.effective, effect=effect)
    if corrupt_bodies.rewrites(fate) and isinstance(answer.body, str) and answer.body:
        return replace(
            answer, body=_dumped(corrupt_bodies.rewritten(fate, json.loads(answer.body)))
        )
    return answer


def _entry(
    operation: Operation, route: Route, answer: VendorAnswer, fate: FaultDecision
) -> dict[str, Any]:
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
