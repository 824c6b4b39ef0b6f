"""A room is told in its platform's own format, and its address in nothing that is kept."""

import json
from dataclasses import replace

import pytest

from bridge.actions import outbound_http
from bridge.actions.chat_post import Post, Room
from bridge.actions.notify import Notify
from bridge.core.chat.reply import Reply
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.model import Body, Outcome
from bridge.core.requests import NoticeRequest, PostRequest
from tests.bonding.scripted_server import Reply as Says
from tests.bonding.scripted_server import Scripted, serving
from tests.rollout.notification_receiver import listening

SEALS = TokenSigner(b"a key")
REQUEST = PostRequest(to="noc", room=0, text="a asks", lines=["one"], tone="plain", event="e1")


def shown(answer: Reply) -> Body:
    """A message of a platform that shows everything."""
    buttons = [[each.label, each.value] for each in answer.buttons]
    return {
        "text": answer.text,
        "lines": list(answer.lines),
        "tone": answer.tone,
        "buttons": buttons,
    }


def room_of(server: Scripted) -> Room:
    """A room at this address."""
    return Room(
        "slack", outbound_http.at(f"{server.url}/secret-path", inside=True, timeout=30), shown
    )


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        (Says(b"ok"), Outcome.DONE, "200"),
        (
            Says(status=404),
            Outcome.UNREACHABLE,
            "answered 404: check this address and its credentials in the settings",
        ),
        (Says(status=400), Outcome.REFUSED, "answered 400"),
        (Says(status=429, headers=(("Retry-After", "30"),)), Outcome.UNREACHABLE, "again in 30s"),
        (Says(status=500), Outcome.UNKNOWN, "answered 500"),
        (Says(silent=True), Outcome.UNKNOWN, "no answer"),
        (
            Says(status=302, headers=(("Location", "http://127.0.0.1:9/"),)),
            Outcome.REFUSED,
            "is not followed",
        ),
    ],
)
def test_how_a_post_ends(reply: Says, outcome: Outcome, says: str) -> None:
    """What is taken is done, what is put off goes again when asked for, and no word of it names the
    address.
    """
    with serving(reply) as server:
        result = Post({"noc": [room_of(server)]}, SEALS).send("hq", REQUEST)
        assert (result.outcome, says in result.detail, "secret-path" in result.detail) == (
            outcome,
            True,
            False,
        )
        assert result.wait == (30 if "30s" in says else 300 if result.mend else None)


def test_buttons_are_made_when_it_is_sent() -> None:
    """Below a question stand a yes and a no to that plan, good through this room's webhook alone,
    and for this place.
    """
    with serving(Says()) as server:
        request = replace(REQUEST, question={"approval": "q1", "plan": "p1"})
        post = Post({"noc": [room_of(server)]}, SEALS)
        assert [post.send("hq", each).outcome for each in (request, REQUEST)] == [Outcome.DONE] * 2
        asked, told = (json.loads(each.body)["buttons"] for each in server.asked)
    choices = [SEALS.pressed(value) for _, value in asked]
    assert [
        (each.approval, each.plan, each.yes, each.hook, each.place) for each in choices if each
    ] == [
        ("q1", "p1", True, "slack", "noc/0"),
        ("q1", "p1", False, "slack", "noc/0"),
    ]
    assert told == []


def test_a_room_that_is_no_more() -> None:
    """What the settings do not name any more is refused, and not tried again."""
    post = Post({}, SEALS)
    assert post.send("hq", REQUEST).outcome is Outcome.REFUSED
    assert post.lasts("hq", REQUEST) == 0
    notify = Notify({}, {}, str)
    assert (
        notify.send("hq", NoticeRequest(to="noc", target=0, title="t", body="")).outcome
        is Outcome.REFUSED
    )


@pytest.mark.parametrize(
    ("severity", "tone"),
    [("info", "plain"), ("warning", "bad"), ("critical", "bad"), (None, "plain")],
)
def test_rooms_are_targets_after_those_of_apprise(severity: str | None, tone: str) -> None:
    """A notice to a channel goes to its rooms, too, each as a target of its own."""
    title, body = "leg cable is down", "since noon\nof hq"
    request = NoticeRequest(to="noc", target=0, title=title, body=body, severity=severity)
    with serving(Says()) as server, listening() as ear:
        notify = Notify({"noc": [ear.url]}, {"noc": [room_of(server)]}, str)
        ends = [notify.send("hq", replace(request, target=target)).outcome for target in range(3)]
        assert ends == [Outcome.DONE, Outcome.DONE, Outcome.REFUSED]
        assert notify.lasts("hq", request) == room_of(server).target.longest
        (told,) = (json.loads(each.body) for each in server.asked)
    assert (told["text"], told["lines"], told["tone"]) == (
        "leg cable is down",
        ["since noon", "of hq"],
        tone,
    )
    assert ear.titles() == ["leg cable is down"]
