"""The JSON API: the journal a page at a time, one event's whole story, and how everything stands.
It only reads.
"""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify

from bridge.core.model import Body, JobState, Ruling
from bridge.store.views import journal
from bridge.store.views.journal import Page, Window
from bridge.web import app_context, auth, health, query_params, serializers
from bridge.web.errors import HttpProblem

routes = Blueprint("api", __name__, url_prefix="/api/v1")
routes.before_request(auth.api_only_with_token)


@routes.get("/events")
def events() -> Response:
    """A page of events; `type` takes a glob."""
    window, only = query_params.window({"type": query_params.glob})
    with app_context.bridge().database.reading() as connection:
        return _paged(journal.list_events(connection, window, only.get("type")), serializers.event)


@routes.get("/decisions")
def decisions() -> Response:
    """A page of decisions, of one `ruling` if asked."""
    window, only = query_params.window({"ruling": query_params.one_of(Ruling)})
    with app_context.bridge().database.reading() as connection:
        return _paged(
            journal.list_decisions(connection, window, only.get("ruling")), serializers.decision
        )


@routes.get("/jobs")
def jobs() -> Response:
    """A page of jobs, in one `state` if asked."""
    window, only = query_params.window({"state": query_params.one_of(JobState)})
    with app_context.bridge().database.reading() as connection:
        return _paged(journal.list_jobs(connection, window, only.get("state")), serializers.job)


@routes.get("/events/<identifier>")
def event(identifier: str) -> Response:
    """One event's whole story."""
    query_params.only()
    with app_context.bridge().database.reading() as connection:
        story = journal.story(connection, identifier)
    if story is None:
        raise HttpProblem(404, "there is no event of this id", "ids stand in /api/v1/events")
    return jsonify(serializers.story(story))


@routes.get("/incidents")
def incidents() -> Response:
    """A page of incidents: what many outages have in common."""
    window, _ = query_params.window()
    with app_context.bridge().database.reading() as connection:
        return _paged(journal.list_incidents(connection, window), serializers.incident)


@routes.get("/incidents/<identifier>")
def incident(identifier: str) -> Response:
    """One incident and the events it owns, in the order they happened."""
    query_params.only()
    with app_context.bridge().database.reading() as connection:
        found = journal.list_incidents(connection, Window(1), identifier).rows
        if not found or found[0]["id"] != identifier:
            raise HttpProblem(
                404, "there is no incident of this id", "ids stand in /api/v1/incidents"
            )
        members = journal.members_of(connection, identifier)
    return jsonify(
        incident=serializers.incident(found[0]), members=[serializers.event(row) for row in members]
    )


@routes.get("/health")
def healthy() -> Response:
    """How everything stands."""
    query_params.only()
    return jsonify(health.report(app_context.bridge()))


def _paged(page: Page, shape: Callable[[Body], Body]) -> Response:
    return jsonify(items=[shape(row) for row in page.rows], next=page.next)
