"""The two pages: the live stream, and one event's story. Each has a part that the browser asks for
again and again.

On the stream people answer what rules ask, and end a pause.
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for

from bridge.core.model import Body, JobState
from bridge.store.views import journal
from bridge.store.views.journal import Window
from bridge.web import app_context, auth, health, query_params, serializers
from bridge.web.api import controls
from bridge.web.errors import HttpProblem
from bridge.web.pages import link_pages, phrases

_ROWS = 50
_DOUBTS = 5

routes = Blueprint("pages", __name__)
routes.before_request(auth.pages_only_with_token)


@routes.get("/")
def stream() -> Response:
    """The live stream, newest first, or an older page of it."""
    before = query_params.before()
    return link_pages.page(
        "stream.html", live=url_for("pages.stream_part", before=before), **_stream(before)
    )


@routes.get("/stream")
def stream_part() -> Response:
    """The stream without the page around it."""
    return _part("stream_part.html", **_stream(query_params.before()))


@routes.get("/events/<identifier>")
def story(identifier: str) -> Response:
    """One event's story."""
    query_params.only()
    return link_pages.page(
        "story.html", live=url_for("pages.story_part", identifier=identifier), **_story(identifier)
    )


@routes.get("/events/<identifier>/part")
def story_part(identifier: str) -> Response:
    """A story without the page around it."""
    query_params.only()
    return _part("story_part.html", **_story(identifier))


@routes.post("/approvals/<identifier>")
def answer(identifier: str) -> Response:
    """A person's yes or no to what a rule asks."""
    auth.from_our_own_page()
    controls.decide(identifier, yes=request.form.get("answer") == "yes")
    return make_response(redirect(url_for("pages.stream"), 303))


@routes.post("/events/<identifier>/acknowledge")
def acknowledge(identifier: str) -> Response:
    """A person has what was told of this event."""
    auth.from_our_own_page()
    with controls.told(409):
        app_context.bridge().follower.acknowledge(identifier, controls.who())
    return make_response(redirect(url_for("pages.story", identifier=identifier), 303))


@routes.post("/resume")
def resume() -> Response:
    """Let acting go on, which somebody has paused."""
    auth.from_our_own_page()
    with controls.told():
        app_context.bridge().steering.resume(
            request.form.get("server", ""), controls.who(), auth.place()
        )
    return make_response(redirect(url_for("pages.stream"), 303))


@routes.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "asks": phrases.asks,
        "iso": serializers.iso,
        "look": phrases.look,
        "pretty": phrases.pretty,
        "sentence": phrases.sentence,
        "standing": phrases.standing,
        "text": phrases.text,
        "took": phrases.took,
        "verdict": serializers.verdict,
    }


def _stream(before: int | None) -> dict[str, Any]:
    bridge = app_context.bridge()
    with bridge.database.reading() as connection:
        page = journal.list_events(connection, Window(_ROWS, before))
        ruled = journal.ruled(connection, [row["id"] for row in page.rows])
        doubtful = journal.list_jobs(connection, Window(_DOUBTS), JobState.IN_DOUBT)
    rows = [
        {**row, "headline": serializers.told(row), "decisions": ruled.get(row["id"], [])}
        for row in page.rows
    ]
    shown = {
        "rows": rows,
        "before": before,
        "next": page.next,
        "doubtful": doubtful.rows,
        "health": health.report(bridge),
    }
    return {**shown, "pauses": bridge.steering.pauses(), "questions": bridge.steering.questions()}


def _story(identifier: str) -> dict[str, Any]:
    with app_context.bridge().database.reading() as connection:
        found = journal.story(connection, identifier)
    if found is None:
        raise HttpProblem(
            404, "there is no event of this id", "the live stream links to every event there is"
        )
    data: Body = found["data"]
    return {
        "event": found,
        "pauses": app_context.bridge().steering.pauses(),
        "headline": serializers.told(found),
        "tellings": found["tellings"],
        "free": any(
            each["ended_at"] is None and each["acked_by"] is None for each in found["tellings"]
        ),
        "changes": phrases.changes(data),
        "contents": phrases.contents(data),
        "known": phrases.known(found["known"] or {}),
        "whole": serializers.event(
            {
                **found,
                "time": serializers.iso(found["time"]),
                "seen_at": serializers.iso(found["seen_at"]),
            }
        ),
    }


def _part(template: str, **values: Any) -> Response:
    response = link_pages.page(template, **values)
    response.add_etag()
    response.make_conditional(request)
    return response
