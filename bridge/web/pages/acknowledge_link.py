"""The page behind a notice's link: it shows what was told, and takes it for somebody only when they
send the form.

Chat services and mail filters open every link they see. Anyone who holds the link needs no token:
it was sent to those who were told, and can do nothing but say who has this one thing.
"""

from flask import Blueprint, Response

from bridge.core.chat.signed_tokens import AcknowledgeToken
from bridge.core.model import Body
from bridge.web import app_context, auth
from bridge.web.api.controls import told
from bridge.web.errors import HttpProblem
from bridge.web.pages import link_pages

routes = Blueprint("taking", __name__)


@routes.get("/ack/<token>")
def look(token: str) -> Response:
    """What was told, and who has acknowledged it; opening it takes nothing."""
    take = _take(token)
    rows = _rows(take)
    return link_pages.page(
        "take.html", told=rows[0], rows=rows, free=_free(rows), channel=take.channel, token=token
    )


@routes.post("/ack/<token>")
def taken(token: str) -> Response:
    """Somebody has acknowledged it. The same once more, as by a double click, is answered as the
    first was.
    """
    auth.from_our_own_page()
    take = _take(token)
    who = link_pages.holder(take.channel)
    rows = _rows(take)
    if any(each["acked_by"] == who for each in rows):
        return link_pages.page("taken.html", told=rows[0], who=who)
    with told(409):
        app_context.bridge().follower.acknowledge(take.event, who)
    return link_pages.page("taken.html", told=rows[0], who=who)


def _take(token: str) -> AcknowledgeToken:
    take = app_context.bridge().seals.followed_to_take(token)
    if take is None:
        raise HttpProblem(
            404,
            "this link is none of ours, or not the whole of it",
            "open it from the message, or copy all of it",
        )
    return take


def _rows(take: AcknowledgeToken) -> list[Body]:
    # the person who was sent this knows of their own channel, and of no other
    every = app_context.bridge().follower.of_event(take.event)
    rows = [each for each in every if each["address"].rpartition("/")[0] == take.channel]
    if not rows:
        raise HttpProblem(
            404,
            "what this link is about is not there",
            "it may have been sent a moment ago: open it once more",
        )
    return rows


def _free(rows: list[Body]) -> bool:
    return any(each["ended_at"] is None and each["acked_by"] is None for each in rows)
