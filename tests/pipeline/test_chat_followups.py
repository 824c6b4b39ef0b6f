"""What comes of a command is told where it was said: questions, waits, ends, each once."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from bridge.actions.chat_reply import ChatReply, Gone, ReplyPlace, ReplyRoute
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.model import JobState, Outcome
from bridge.core.requests import ReplyRequest
from bridge.pipeline.backtest.decision_replay import log_live, log_replayed
from bridge.pipeline.messages.reply_addresses import Conversations, allowed
from bridge.pipeline.receive.receiver import Receipt
from bridge.webhooks.slack import Slack
from tests.bonding.scripted_server import Reply as Says
from tests.bonding.scripted_server import serving
from tests.pipeline.chat_harness import SECRET, TEAMS, Talk, talking
from tests.pipeline.harness import EPOCH, Stage

NOW_SURE = "vancouver-hq: are you sure?"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """People in Slack, and the commands that ship."""
    with talking(tmp_path) as ready:
        yield ready


def test_a_command_is_confirmed_by_a_button_done_and_told(talk: Talk) -> None:
    """Asked whether they are sure, the person presses yes: it is done once, and every word of it is
    told once.
    """
    talk.say("restart vancouver-hq")
    assert talk.told() == "restart vancouver-hq: waiting for confirmation"
    talk.stage.work()
    assert talk.stage.effective("bond.restart") == 0
    assert talk.later() == [f"restart {NOW_SURE}"]
    assert "bond.restart bond=1 (vancouver-hq)" in talk.answers()[0]["words"]
    talk.press(yes=True, user="UADMIN")  # not theirs to confirm
    assert "only ana, who asked for it, can confirm it" in talk.told()
    talk.press(yes=True)
    talk.stage.work()
    talk.stage.live(60)
    assert talk.stage.effective("bond.restart") == 1
    told = talk.later()
    assert [each for each in told if "restart" in each] == ["restart vancouver-hq: done"]
    assert any(each.startswith("ana said yes") for each in told)
    talk.press(yes=True)
    talk.stage.work()
    assert talk.stage.effective("bond.restart") == 1


def test_an_effect_that_shows_is_told_as_seen(talk: Talk) -> None:
    """A tuning is begun and accepted by command; what it changed is looked for, and told as
    seen.
    """
    talk.say("tune victoria")
    talk.stage.work()
    talk.press(yes=True)
    talk.stage.live(1200, 60)
    assert talk.later()[-1] == "tune victoria-hq: done"
    talk.say("accept victoria")
    assert talk.told() == "accept victoria-hq/1: waiting for confirmation"
    talk.stage.work()
    talk.press(yes=True)
    talk.stage.live(60, 20)
    assert talk.later()[-1] == "accept victoria-hq/1: done, and seen to work"
    assert talk.stage.effective("bond_tuning.accept") == 1
    talk.say("accept victoria")
    assert talk.told() == "no tuning of victoria-hq recommends anything that is undecided"


def test_who_is_not_sure_is_told_that_nothing_was_done(talk: Talk) -> None:
    """No is a no; and so is no answer within two minutes, which is told."""
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.press(yes=False)
    talk.stage.work()
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.later()
    talk.stage.sim.advance(121)
    talk.stage.bridge.approver.expire()
    talk.stage.work()
    assert talk.later() == ["restart vancouver-hq: nobody answered in time, so it is a no"]
    assert talk.stage.effective("bond.restart") == 0


def test_a_wait_and_a_skip_are_told_with_their_reasons(talk: Talk) -> None:
    """What is held up is told once however often it is looked at, and what comes to nothing says
    why.
    """
    talk.say("pause works on the line")
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.press(yes=True)
    talk.stage.work()
    talk.stage.live(60, 20)
    waits = [each for each in talk.later() if "it waits" in each]
    assert len(waits) == 1
    assert "paused by ana" in waits[0]
    talk.say("resume")
    talk.stage.work()
    assert talk.later() == ["restart vancouver-hq: done"]
    talk.say("restart vancouver-hq")
    talk.stage.work()
    (skipped,) = talk.later()
    assert skipped.startswith("restart vancouver-hq: not done: the last one ended")


def test_what_stands_against_it_is_told(talk: Talk) -> None:
    """A bond that is at home cannot be brought home: that is told at once, and nobody is asked
    whether they are sure.
    """
    talk.say("restore vancouver-hq")
    talk.stage.work()
    assert talk.later() == ["vancouver-hq is on its primary aggregator already, as far as was seen"]
    assert talk.stage.bridge.steering.questions() == []
    assert talk.stage.ledger("bond.restore_to_primary_agg") == []


def test_a_refusal_is_told_in_the_words_of_the_server(talk: Talk) -> None:
    """A second tuning while one runs is refused, and that is the end of it."""
    for _ in range(2):
        talk.say("tune victoria")
        talk.stage.work()
        talk.press(yes=True)
        talk.stage.live(40, 20)
    assert talk.later()[-1].startswith(
        "tune victoria-hq: failed: 400: A tuning of this bond is already in progress."
    )


def test_a_doubt_and_its_end_are_told(talk: Talk) -> None:
    """Nobody knows whether a restart took effect: that is told, and what a person found when they
    looked.
    """
    talk.stage.sim.set_faults(drop=1.0, only=["bond.restart"], when="after", times=1)
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.press(yes=True)
    talk.stage.live(40, 20)
    assert talk.later()[-1].startswith(
        "restart vancouver-hq: nobody knows whether it took effect: somebody must look"
    )
    (job,) = [each for each in talk.stage.jobs() if each["state"] == JobState.IN_DOUBT]
    assert talk.stage.bridge.deliverer.answer(job["id"], "done", "bob")
    talk.stage.work()
    assert talk.later() == ["restart vancouver-hq: done"]


def test_the_decisions_of_commands_can_be_made_again(talk: Talk) -> None:
    """What was decided about commands comes out the same from what was kept: roles, spaces and
    all.
    """
    for text, user in (
        ("restart vancouver-hq", "UACME"),
        ("restart kelowna-hq", "UBOTH"),
        ("tune victoria", "UOP"),
    ):
        talk.say(text, user)
        talk.stage.work()
    words = talk.stage.bridge.keeper.vocabulary
    since = EPOCH
    until = talk.stage.now() + timedelta(minutes=1)
    with talk.stage.bridge.database.reading() as connection:
        lines = list(log_live(connection, since, until))
        assert lines == list(log_replayed(connection, since, until, words))
    assert any("ask" in line and "confirmation" in line for line in lines)


def teams(talk: Talk, text: str) -> str:
    """What Teams is answered."""
    talk.said += 1
    person = {"id": "UOP", "aadObjectId": "UOP", "name": "Ana"}
    body = json.dumps(
        {
            "type": "message",
            "id": str(talk.said),
            "text": f"<at>bond</at> {text}",
            "from": person,
            "conversation": {"id": "R1"},
        }
    ).encode()
    digest = hmac.new(base64.b64decode(TEAMS), body, hashlib.sha256).digest()
    headers = {
        "content-type": "application/json",
        "authorization": f"HMAC {base64.b64encode(digest).decode()}",
    }
    receiver = talk.stage.bridge.receiver
    talk.last = receiver.take("teams", receiver.read("teams", headers, body))
    return talk.told()


def test_where_there_are_no_buttons_a_word_confirms(talk: Talk) -> None:
    """On a platform without later answers the answer itself has the word, which is good once and
    for that person.
    """
    told = teams(talk, "restart vancouver-hq")
    word = told.split("yes ")[1].split()[0]
    early = teams(talk, f"yes {word}")
    assert "is not asked yet" in early
    talk.stage.work()
    assert "nothing of yours" in teams(talk, "yes wrongword")
    talk.say(f"yes {word}", "UADMIN")
    assert "nothing of yours" in talk.told()
    assert teams(talk, f"yes {word.upper()}") == "ana said yes"
    talk.stage.work()
    assert talk.stage.effective("bond.restart") == 1
    assert "nothing of yours" in teams(talk, f"yes {word}")
    assert talk.later() == []
    event = talk.stage.events("chat.command")[0]["id"]
    assert "succeeded" in teams(talk, f"why {event[:10]}")


def mattermost(talk: Talk, body: bytes, kind: str) -> Receipt:
    """What comes from Mattermost: commands with its token, presses with nothing but our value."""
    headers = {"content-type": kind, "authorization": f"Token {SECRET}"}
    receiver = talk.stage.bridge.receiver
    return receiver.take("mattermost", receiver.read("mattermost", headers, body))


def test_mattermost_asks_with_buttons_too(talk: Talk) -> None:
    """The question comes to the address of the command, its buttons lead back to us, and the end is
    told there.
    """
    fields = {
        "command": "/bond",
        "text": "restart vancouver-hq",
        "user_id": "UOP",
        "user_name": "ana",
        "channel_id": "C9",
        "channel_name": "noc",
        "trigger_id": "t1",
        "response_url": f"{talk.place.url}/hooks/commands/abc",
    }
    told = mattermost(talk, urlencode(fields).encode(), "application/x-www-form-urlencoded")
    assert told.answer is not None
    assert told.answer.text == "restart vancouver-hq: waiting for confirmation"
    talk.stage.work()
    question = json.loads(talk.place.asked[0].body)
    plain = [json.loads(each.body)["text"].replace("\u200b", "") for each in talk.place.asked]
    assert "restart vancouver-hq: are you sure?" in plain[0]
    yes = question["attachments"][0]["actions"][0]["integration"]
    assert yes["url"].endswith("/webhooks/mattermost")
    press = {
        "user_id": "UOP",
        "user_name": "ana",
        "channel_id": "C9",
        "trigger_id": "t2",
        "context": yes["context"],
    }
    pressed = mattermost(talk, json.dumps(press).encode(), "application/json")
    assert pressed.answer is not None
    assert pressed.answer.text.startswith("ana said yes")
    talk.stage.work()
    assert talk.stage.effective("bond.restart") == 1
    assert "restart vancouver-hq: done" in json.loads(talk.place.asked[-1].body)["text"].replace(
        "\u200b", ""
    )
    assert {each.path for each in talk.place.asked} == {"/hooks/commands/abc"}


def jobs(stage: Stage) -> list[tuple[str, str]]:
    """State and outcome of each reply."""
    return [
        (job["state"], tried["outcome"])
        for event in stage.events("chat.command")
        for decision in stage.story(event["id"])["decisions"]
        for job in decision["jobs"]
        if job["action"] == "reply"
        for tried in job["tried"]
    ]


@pytest.mark.parametrize("status", [404, 410])
def test_a_place_that_is_gone_is_not_tried_again(tmp_path: Path, status: int) -> None:
    """A platform that takes no more answers is left alone, and the command goes on."""
    with talking(tmp_path, reply=Says(status=status)) as talk:
        talk.say("restart vancouver-hq")
        talk.stage.work()
        talk.stage.live(120, 30)
        assert jobs(talk.stage) == [(JobState.FAILED, Outcome.REFUSED)]
        assert len(talk.place.asked) == 1


def test_an_answer_that_is_late_is_not_sent(talk: Talk) -> None:
    """After half an hour of machine time the address is not written to any more."""
    bridge = talk.stage.bridge
    talk.say("restart vancouver-hq")
    event = talk.event()["id"]
    key = (talk.stage.folder / "state" / "digest.key").read_bytes()
    at = bridge.machine
    assert (
        Conversations(bridge.database, key, lambda: at() + timedelta(minutes=29))
        .place(event)
        .webhook
        == "slack"
    )
    for late, says in (
        (Conversations(bridge.database, key, lambda: at() + timedelta(minutes=31)), "too late"),
        (Conversations(bridge.database, b"another key of ours, 32 bytes ..", at), "another key"),
    ):
        with pytest.raises(Gone, match=says):
            late.place(event)
    with pytest.raises(Gone, match="no place"):
        Conversations(bridge.database, key, at).place("0123")


def test_where_nothing_can_be_told_any_more_is_forgotten(talk: Talk) -> None:
    """A day after its last answer the address is gone, a few at a time; the command itself stays in
    the journal.
    """
    bridge = talk.stage.bridge
    talk.say("restart vancouver-hq")
    event = talk.event()["id"]
    key = (talk.stage.folder / "state" / "digest.key").read_bytes()
    at = bridge.machine
    soon, late = (
        Conversations(bridge.database, key, lambda h=h: at() + timedelta(hours=h)) for h in (24, 25)
    )
    assert soon.prune() == 0
    with pytest.raises(Gone, match="too late"):
        soon.place(event)
    assert [late.prune(), late.prune()] == [1, 0]
    with pytest.raises(Gone, match="no place"):
        late.place(event)
    assert talk.stage.events("chat.command")[0]["id"] == event


def test_what_cannot_be_told_says_why(tmp_path: Path) -> None:
    """A webhook that is no more, an address inside where only public ones are good: refused, and no
    address is told.
    """
    del tmp_path
    with serving(Says()) as place:
        address = f"{place.url}/secret-token"
        ways = {"slack": ReplyRoute(Slack().shown, buttons=True)}
        reply = ChatReply(lambda name: ReplyPlace(name, address), ways, TokenSigner(b"key"))
        for hook, says in (
            ("gone", "by a webhook 'gone' any more"),
            ("slack", "no public address"),
        ):
            ended = reply.send("demo", ReplyRequest(event=hook, text="hello"))
            assert (ended.outcome, says in ended.detail) == (Outcome.REFUSED, True)
            assert "secret-token" not in ended.detail + repr(ReplyPlace(hook, address))
    assert place.asked == []


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://hooks.slack.com/commands/1/2", True),
        ("https://hooks.slack.com/", True),
        ("http://hooks.slack.com/commands", False),
        ("https://hooks.slack.com.evil.example/commands", False),
        ("https://hooks.slack.com@evil.example/commands", False),
        ("https://user@hooks.slack.com/commands", False),
        ("https://hooks.slack.com:8443/commands", False),
        ("https://evil.example/https://hooks.slack.com/", False),
        ("ftp://hooks.slack.com/commands", False),
        ("//hooks.slack.com/commands", False),
        ("https://[", False),
        ("", False),
        ("https://chat.example/team/hooks/9", True),
        ("https://chat.example/team/hooks", True),
        ("https://chat.example/team/hooksevil", False),
        ("https://chat.example/team/hooks/../../admin", False),
        ("https://chat.example/team/hooks/%2e%2e/admin", False),
    ],
)
def test_only_addresses_of_the_platform_are_written_to(address: str, good: bool) -> None:
    """The same scheme, host and port, and below the same path; nothing that only looks like it."""
    assert allowed(address, ["https://hooks.slack.com/", "https://chat.example/team/hooks"]) is good
    if good:
        assert httpx.URL(address).host in ("hooks.slack.com", "chat.example")
