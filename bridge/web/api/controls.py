"""Steering by JSON, as the command line does it: pauses, silences, approvals, rules that are off.
Who: whose token it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, ValidationError

from bridge.core.model import Body
from bridge.errors import BadInput
from bridge.pipeline.approvals.approver import Answered
from bridge.pipeline.controls.operator_controls import SilenceRequest
from bridge.pipeline.messages import question_jobs
from bridge.web import app_context, auth, query_params, serializers
from bridge.web.errors import HttpProblem

routes = Blueprint("steering", __name__, url_prefix="/api/v1")
routes.before_request(auth.api_only_with_token)
routes.before_request(auth.from_our_own_page)

_Any = TypeVar("_Any", bound=BaseModel)


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PauseWanted(_Wanted):
    """`server`: None for all of them."""

    why: str
    server: str | None = None


class ResumeWanted(_Wanted):
    """`server`: as it was paused."""

    server: str | None = None


class SilenceWanted(_Wanted):
    """`lasts` such as "2h", `about` such as "bond/3"."""

    lasts: str
    why: str
    server: str = ""
    types: list[str] = ["*"]
    about: str = ""
    acts: bool = False


class AnswerWanted(_Wanted):
    """A yes or a no."""

    yes: bool


@routes.get("/pauses")
def pauses() -> Response:
    """The pauses that hold, and the rules that their breakers have switched off."""
    query_params.only()
    return _pauses()


@routes.post("/pause")
def pause() -> Response:
    """Stop all acting on a server, or on all of them."""
    wanted = _body(PauseWanted)
    with told():
        app_context.bridge().steering.pause(wanted.server or "", who(), wanted.why, auth.place())
    return _pauses()


@routes.post("/resume")
def resume() -> Response:
    """Let acting go on; 409 if nothing was paused so."""
    wanted = _body(ResumeWanted)
    with told():
        gone_on = app_context.bridge().steering.resume(wanted.server or "", who(), auth.place())
    if not gone_on:
        raise HttpProblem(
            409,
            f"{wanted.server or 'acting'} is not paused",
            "what is paused stands in /api/v1/pauses",
        )
    return _pauses()


@routes.post("/rules/<rule>/resume")
def switch_on(rule: str) -> Response:
    """Switch a rule on again that its breaker has switched off."""
    with told(409):
        app_context.bridge().steering.switch_on(rule, who(), auth.place())
    return _pauses()


@routes.get("/silences")
def silences() -> Response:
    """Silences that hold."""
    query_params.only()
    return jsonify(items=app_context.bridge().steering.silences())


@routes.post("/silences")
def silence() -> tuple[Response, int]:
    """Begin a silence."""
    wanted = _body(SilenceWanted)
    quiet = SilenceRequest(
        wanted.server, wanted.lasts, wanted.why, tuple(wanted.types), wanted.about, wanted.acts
    )
    with told():
        return jsonify(app_context.bridge().steering.silence(quiet, who(), auth.place())), 201


@routes.delete("/silences/<identifier>")
def end_silence(identifier: str) -> Response:
    """End a silence before its time."""
    with told(404):
        return jsonify(
            ended=app_context.bridge().steering.end_silence(identifier, who(), auth.place())
        )


@routes.get("/tellings")
def tellings() -> Response:
    """What people were told that lasts, at which address, and who has acknowledged it."""
    query_params.only()
    return jsonify(items=app_context.bridge().follower.open())


@routes.post("/events/<identifier>/acknowledge")
def acknowledge(identifier: str) -> Response:
    """The owner of the token has it; 409 where nobody was told of it, somebody has acknowledged it,
    or it is over. An id may be cut.
    """
    follower = app_context.bridge().follower
    with told(409):
        event = follower.find(identifier)
        addresses = follower.acknowledge(event, who())
    return jsonify(event=event, who=who(), addresses=addresses)


@routes.get("/approvals")
def approvals() -> Response:
    """Questions that wait, each with its exact plan; with `all=yes` the newest, answered ones
    too.
    """
    query_params.only("all")
    return jsonify(
        items=app_context.bridge().steering.questions(answered=request.args.get("all") == "yes")
    )


@routes.post("/approvals/<identifier>")
def answer(identifier: str) -> Response:
    """Say yes or no to a question; 409 says who was faster."""
    given = decide(identifier, yes=_body(AnswerWanted).yes)
    return jsonify(id=identifier, state=given.state, who=given.who)


def decide(identifier: str, *, yes: bool) -> Answered:
    """Answer a question for anyone who asks us to. Raises Problem where somebody was faster or
    there is no such question.
    """
    try:
        given = app_context.bridge().steering.answer(
            identifier, yes=yes, who=who(), known=auth.named(auth.holder() or "")
        )
    except KeyError:
        raise HttpProblem(
            404, "there is no question of this id", "ids stand in /api/v1/approvals"
        ) from None
    if given.refused is not None:
        if given.refused.status == 403:  # noqa: PLR2004
            mend = "a token of one's own is a name: bondbridge token create NAME"
        else:
            mend = ""
        raise HttpProblem(given.refused.status, given.refused.why, mend)
    if not given.first:
        raise HttpProblem(
            409,
            f"too late: {question_jobs.settled(given.state, given.who)}{_at(given.at)}",
            "the first answer counts",
        )
    return given


def who() -> str:
    """Whose token it is."""
    return auth.person()


@contextmanager
def told(status: int = 400) -> Iterator[None]:
    """What makes no sense is an answer of this status."""
    try:
        yield
    except BadInput as error:
        raise HttpProblem(status, error.problems[0].what, error.problems[0].mend) from error


def _pauses() -> Response:
    steering = app_context.bridge().steering
    return jsonify(items=steering.pauses(), tripped=steering.tripped())


def _at(moment: datetime | None) -> str:
    if moment:
        return f" at {serializers.iso(moment)}"
    return ""


def _body(model: type[_Any]) -> _Any:
    given: Body = request.get_json()
    if not isinstance(given, dict):
        raise HttpProblem(
            400,
            "the body is no JSON object",
            f"a JSON object with: {', '.join(model.model_fields)}",
        )
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        known = ", ".join(model.model_fields)
        raise HttpProblem(
            400, f"{where}: {first['msg']}", f"a JSON object with: {known}"
        ) from error
