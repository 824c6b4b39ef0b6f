"""The HTTP by which a person or a test meddles with the world: everything below `/_sim/`. JSON, no
login.

A POST must say `Content-Type: application/json`, which a foreign web page cannot do without being
asked first; that question (a CORS preflight) is never answered with yes.
"""

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from bridge.simulator.behaviour import backups, scenarios
from bridge.simulator.faults.switches import KINDS, Faults, UnfitFault, read_faults
from bridge.simulator.objects.manual_edits import Unfit, edit
from bridge.simulator.schema.rest_framework import BODY_LIMIT, JSON, NUMBER
from bridge.simulator.server.live_world import Live
from bridge.simulator.world.entities import Telling
from bridge.simulator.world.vendor_timestamps import stamp

ROOT = "/_sim/"
LONGEST_ADVANCE = 31 * 24 * 3600


class Mistake(Exception):
    """The request cannot be done; the text says why and what to do about it."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Control:
    """Answers everything below `/_sim/`; holds the faults that are set now."""

    def __init__(self, live: Live, refuse: Callable[[float], None]) -> None:
        self.faults = Faults()
        self._live = live
        self._refuse = refuse

    def answer(self, request: Request) -> Response:
        """Answer one request with JSON; a mistake is `{"error": …}`."""
        try:
            status = 200
            body = self._answer(request)
        except Mistake as mistake:
            status = mistake.status
            body = {"error": str(mistake)}
        except (Unfit, UnfitFault) as unfit:
            status = 400
            body = {"error": str(unfit)}
        return Response(json.dumps(body, ensure_ascii=False) + "\n", status, content_type=JSON)

    def _answer(self, request: Request) -> object:
        name = request.path.removeprefix(ROOT).rstrip("/")
        if request.method == "HEAD":
            method = "GET"
        else:
            method = request.method
        known = {(m, n): doing for m, n, doing in _ROUTES}
        if name == "" and method == "GET":
            return {"endpoints": [f"{m} {ROOT}{n}" for m, n, _ in _ROUTES]}
        if (method, name) in known:
            return known[method, name](self, request)
        methods = [m for m, n in known if n == name]
        if methods:
            raise Mistake(
                f"{request.path} takes {' and '.join(methods)}, not {request.method}", 405
            )
        raise Mistake(f"nothing at {request.path}: GET {ROOT} lists what there is", 404)

    def clock(self, _: Request) -> object:
        """GET clock."""
        with self._live.now() as world:
            return {
                "now": stamp(world.now),
                "epoch": stamp(world.epoch),
                "speed": self._live.speed,
                "seed": world.seed,
            }

    def ledger(self, request: Request) -> object:
        """GET ledger."""
        with self._live.now() as world:
            return world.ledger[_since(request) :]

    def truth(self, request: Request) -> object:
        """GET truth."""
        with self._live.now() as world:
            return world.truth[_since(request) :]

    def show_faults(self, _: Request) -> object:
        """GET faults: what is set, and what each kind does."""
        return self.faults.shown() | {"about": KINDS}

    def set_faults(self, request: Request) -> object:
        """POST faults: replaces all that were set."""
        self.faults = read_faults(_body(request))
        if self.faults.refuse:
            self._refuse(self.faults.refuse)
        return self.faults.shown()

    def show_stories(self, _: Request) -> object:
        """GET story."""
        with self._live.now() as world:
            return [_shown(name, world.stories.get(name)) for name in scenarios.STORIES]

    def begin_story(self, request: Request) -> object:
        """POST story."""
        wanted = _keys(_body(request), "name", optional=("rate",))
        name = wanted["name"]
        rate = wanted.get("rate")
        if not isinstance(name, str) or name not in scenarios.STORIES:
            raise Mistake(f"no story is called {name!r}: use one of {', '.join(scenarios.STORIES)}")
        if rate is not None:
            _number("rate", rate, scenarios.MOST_FAULTS_A_DAY)
        with self._live.now() as world:
            try:
                telling = scenarios.begin(world, name, rate=rate)
            except scenarios.StoryUnderWay:
                raise Mistake(
                    f'the story {name!r} is under way: end it with {{"name": "quiet"}} first'
                ) from None
            self._live.save()
            return _shown(name, telling)

    def advance(self, request: Request) -> object:
        """POST advance."""
        seconds = _keys(_body(request), "seconds")["seconds"]
        _number("seconds", seconds, LONGEST_ADVANCE)
        self._live.advance(seconds)
        return self.clock(request)

    def set_field(self, request: Request) -> object:
        """POST set."""
        wanted = _keys(_body(request), "kind", "id", "field", "value")
        with self._live.now() as world:
            kind = str(wanted["kind"])
            changed = edit(world, kind, wanted["id"], str(wanted["field"]), wanted["value"])
            self._live.save()
            return {"at": stamp(world.now), **wanted, "changed": changed}

    def set_backup(self, request: Request) -> object:
        """POST backup: `unfinished` begins one that does not end, or ends it; `megabytes` of what
        is downloaded.
        """
        wanted = _keys(_body(request), optional=("unfinished", "megabytes"))
        unfinished = wanted.get("unfinished")
        megabytes = wanted.get("megabytes")
        if not (unfinished is None or isinstance(unfinished, bool)):
            raise Mistake(f"unfinished must be true or false, not {unfinished!r}")
        if megabytes is not None:
            _number("megabytes", megabytes, backups.MOST_MEGABYTES)
        with self._live.now() as world:
            if megabytes is not None:
                world.backup_megabytes = int(megabytes)
            if unfinished:
                backups.begin(world)
            elif unfinished is False:
                backups.complete(world, {})
            self._live.save()
            return {
                "newest_complete": all(it.complete for it in world.backups),
                "megabytes": world.backup_megabytes,
            }


_ROUTES: tuple[tuple[str, str, Callable[[Control, Request], object]], ...] = (
    ("GET", "clock", Control.clock),
    ("GET", "ledger", Control.ledger),
    ("GET", "truth", Control.truth),
    ("GET", "faults", Control.show_faults),
    ("POST", "faults", Control.set_faults),
    ("GET", "story", Control.show_stories),
    ("POST", "story", Control.begin_story),
    ("POST", "advance", Control.advance),
    ("POST", "set", Control.set_field),
    ("POST", "backup", Control.set_backup),
)


def _shown(name: str, telling: Telling | None) -> dict[str, Any]:
    story = scenarios.STORIES[name]
    return {
        "name": name,
        "about": story.about,
        "every": story.every,
        "under_way": telling is not None and telling.under_way,
        "started": stamp(telling.started) if telling else None,
        "round": telling.round if telling else None,
    }


def _since(request: Request) -> int:
    text = request.args.get("since", "0")
    if not NUMBER.fullmatch(text):
        raise Mistake(f"since must be how many entries to skip, 0 or more, not {text!r}")
    return int(text)


def _body(request: Request) -> dict[str, Any]:
    if request.mimetype != JSON:
        raise Mistake(f"send the body as JSON, with the header Content-Type: {JSON}", 415)
    if (request.content_length or 0) > BODY_LIMIT:
        raise Mistake("the body is too large", 413)
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Mistake(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Mistake("the body must be a JSON object")
    return body


def _keys(body: dict[str, Any], *wanted: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not set(wanted) <= body.keys() <= {*wanted, *optional}:
        if optional:
            also = f" and, if you like, {', '.join(optional)}"
        else:
            also = ""
        raise Mistake(
            f"give exactly these keys: {', '.join(wanted) or 'none'}{also}; you gave"
            f" {', '.join(body) or 'none'}"
        )
    return body


def _number(name: str, value: object, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise Mistake(f"{name} must be a number above 0, at most {most}, not {value!r}")
