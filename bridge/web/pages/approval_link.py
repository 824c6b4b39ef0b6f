"""The page behind a question's link: it shows what is asked, and decides nothing until somebody
sends the form.

Chat services and mail filters open every link they see. Anyone who holds the link needs no token:
it was sent to those who are asked, and is good for this one question, this exact plan, and until it
is answered or its time is over.
"""

from flask import Blueprint, Response, request

from bridge.core.chat.signed_tokens import ApprovalLink
from bridge.core.model import Body
from bridge.pipeline.approvals.eligibility import Answered, Answerer
from bridge.pipeline.messages import question_jobs
from bridge.store.decisions import approvals
from bridge.web import app_context, auth, serializers
from bridge.web.errors import HttpProblem
from bridge.web.pages import link_pages

routes = Blueprint("approving", __name__)


@routes.get("/approve/<token>")
def look(token: str) -> Response:
    """What is asked; opening it decides nothing."""
    way = _way(token)
    return link_pages.page("approve.html", asked=_open(way), channel=way.channel, token=token)


@routes.post("/approve/<token>")
def decide(token: str) -> Response:
    """The yes or no. The same once more, as by a double click, is answered as the first was."""
    auth.from_our_own_page()
    way = _way(token)
    said = request.form.get("answer")
    if said not in ("yes", "no"):
        raise HttpProblem(
            400,
            "this is neither a yes nor a no",
            "open the link again and press one of its two buttons",
        )
    who = link_pages.holder(way.channel)
    asked = _question(way)
    try:
        given = app_context.bridge().approver.decide(
            way.approval, yes=said == "yes", by=Answerer(who), plan=way.plan
        )
    except KeyError:
        raise _gone() from None
    if given.refused is not None:
        raise HttpProblem(
            given.refused.status,
            given.refused.why,
            "look at the live stream, or ask the person who runs bondbridge",
        )
    if said == "yes":
        wanted = approvals.GRANTED
    else:
        wanted = approvals.DENIED
    if not given.first and (given.state, given.who) != (wanted, who):
        raise _over(given)
    return link_pages.page("approved.html", asked=asked, given=given, channel=way.channel)


def _way(token: str) -> ApprovalLink:
    way = app_context.bridge().seals.followed(token)
    if way is None:
        raise HttpProblem(
            404,
            "this link is none of ours, or not the whole of it",
            "open it from the message, or copy all of it",
        )
    return way


def _question(way: ApprovalLink) -> Body:
    found = app_context.bridge().steering.linked(way.approval, way.plan)
    if found is None:
        raise _gone()
    return found


def _open(way: ApprovalLink) -> Body:
    """The question, if it still waits. Raises Problem: 410 when its time is over, 409 when it is
    settled or has changed.
    """
    found = _question(way)
    late = found["state"] == approvals.ASKED and found["expires_at"] <= app_context.bridge().now()
    if found["state"] != approvals.ASKED or late:
        if late:
            state = approvals.EXPIRED
        else:
            state = found["state"]
        raise _over(
            Answered(state, found["who"] or question_jobs.NOBODY, found["decided_at"], first=False)
        )
    if found["stale"]:
        what = (
            "what would be done is not what was asked about any more, so this link can say nothing"
            " to it"
        )
        raise HttpProblem(409, what, "nothing of it is done unless somebody is asked again")
    return found


def _over(given: Answered) -> HttpProblem:
    if given.at:
        when = f" at {serializers.iso(given.at)}"
    else:
        when = ""
    if given.state == approvals.EXPIRED:
        return HttpProblem(
            410,
            question_jobs.settled(given.state, given.who),
            "if it still matters, you will be asked again",
        )
    return HttpProblem(
        409,
        f"it has been answered: {question_jobs.settled(given.state, given.who)}{when}",
        "the first answer counts",
    )


def _gone() -> HttpProblem:
    return HttpProblem(
        404, "there is no such question any more", "look at the live stream for those that wait"
    )
