"""The JSON API: the journal a page at a time, one event's whole story, and how everything stands. It only reads."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify

from bridge.core.model import Body, JobState, Ruling
from bridge.store import journal
from bridge.store.journal import Page, Window
from bridge.web import auth, health, queries, shapes, site
from bridge.web.problems import Problem

routes = Blueprint("api", __name__, url_prefix="/api/v1")
routes.before_request(auth.api_only_with_token)


@routes.get("/events")
def events() -> Response:
    """A page of events; `type` takes a glob."""
    window, only = queries.window({"type": queries.glob})
    with site.bridge().database.reading() as connection:
        return _paged(journal.list_events(connection, window, only.get("type")), shapes.event)


@routes.get("/decisions")
def decisions() -> Response:
    """A page of decisions, of one `ruling` if asked."""
    window, only = queries.window({"ruling": queries.one_of(Ruling)})
    with site.bridge().database.reading() as connection:
        return _paged(journal.list_decisions(connection, window, only.get("ruling")), shapes.decision)


@routes.get("/jobs")
def jobs() -> Response:
    """A page of jobs, in one `state` if asked."""
    window, only = queries.window({"state": queries.one_of(JobState)})
    with site.bridge().database.reading() as connection:
        return _paged(journal.list_jobs(connection, window, only.get("state")), shapes.job)


@routes.get("/events/<identifier>")
def event(identifier: str) -> Response:
    """One event's whole story."""
    queries.only()
    with site.bridge().database.reading() as connection:
        story = journal.story(connection, identifier)
    if story is None:
        raise Problem(404, "there is no event of this id", "ids stand in /api/v1/events")
    return jsonify(shapes.story(story))


@routes.get("/incidents")
def incidents() -> Response:
    """A page of incidents: what many outages have in common."""
    window, _ = queries.window()
    with site.bridge().database.reading() as connection:
        return _paged(journal.list_incidents(connection, window), shapes.incident)


@routes.get("/incidents/<identifier>")
def incident(identifier: str) -> Response:
    """One incident and the events it owns, in the order they happened."""
    queries.only()
    with site.bridge().database.reading() as connection:
        found = journal.list_incidents(connection, Window(1), identifier).rows
        if not found or found[0]["id"] != identifier:
            raise Problem(404, "there is no incident of this id", "ids stand in /api/v1/incidents")
        members = journal.members_of(connection, identifier)
    return jsonify(incident=shapes.incident(found[0]), members=[shapes.event(row) for row in members])


@routes.get("/health")
def healthy() -> Response:
    """How everything stands."""
    queries.only()
    return jsonify(health.report(site.bridge()))


def _paged(page: Page, shape: Callable[[Body], Body]) -> Response:
    return jsonify(items=[shape(row) for row in page.rows], next=page.next)
