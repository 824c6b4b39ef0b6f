from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bridge import config
from bridge.webhooks.platform import ChatPlatform, Request
from bridge.webhooks.registry import PLATFORMS
from tests.web.app_harness import House, serving
from tests.webhooks.senders import NOW, SENDERS, Sender

every = pytest.mark.parametrize("sender", SENDERS.values(), ids=lambda each: each.name)
systems = pytest.mark.parametrize(
    "sender",
    [each for each in SENDERS.values() if not isinstance(PLATFORMS[each.name], ChatPlatform)],
    ids=lambda each: each.name,
)

chatting = pytest.mark.parametrize(
    "sender",
    [each for each in SENDERS.values() if isinstance(PLATFORMS[each.name], ChatPlatform)],
    ids=lambda each: each.name,
)


@pytest.fixture
def open_house(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The application with a webhook of every platform, at the moment of the senders; two more are
    for few.
    """
    more = [
        f"  {each}: {{platform: {each}, secret: {{env: SECRET_OF_{each}}}, server: hq}}"
        for each in SENDERS
    ]
    for name, sender in SENDERS.items():
        monkeypatch.setenv(f"SECRET_OF_{name}", sender.secret)
    few = "platform: bearer, secret: {env: SECRET_OF_bearer}, server: hq"
    more.append(f"  slow: {{{few}, rate: {{most: 2, every: 1h}}}}")
    more.append(
        "  room: {platform: mattermost, secret: {env: SECRET_OF_mattermost}, server: hq, rate:"
        " {most: 2, every: 1h}}"
    )
    more.append(f'  elsewhere: {{{few}, allow_from: ["192.0.2.0/24", "2001:db8::/32"]}}')
    more.append(f'  here: {{{few}, allow_from: ["192.0.2.0/24", "127.0.0.0/8"]}}')
    settings_file.write_text(settings_file.read_text() + "\n".join(more) + "\n")
    with serving(config.load(settings_file)) as house:
        house.machine = NOW
        yield house


def send(house: House, request: Request, name: str) -> httpx.Response:
    """Send it over HTTP."""
    with house.visitor() as client:
        return client.post(
            f"/webhooks/{name}",
            content=request.body,
            headers=[(k.encode(), v.encode()) for k, v in request.headers.items()],
        )


def stored(house: House) -> list[str]:
    """Types of the events there are."""
    with house.visitor(house.token("count")) as client:
        return [each["type"] for each in client.get("/api/v1/events").json()["items"]]


@systems
def test_a_good_request_becomes_one_event(open_house: House, sender: Sender) -> None:
    """Of every platform: 202 and an event, and the same request again 200 and no other."""
    first, second = (send(open_house, sender.request(), sender.name) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["event"] == second.json()["event"]
    assert stored(open_house) == [f"webhook.{sender.name}"]


def test_a_bearers_delivery_is_known_across_the_edge_of_its_window(open_house: House) -> None:
    """A sender that tries again a little later gives no second event, though the clock's window is
    another by then.
    """
    sender = SENDERS["bearer"]
    first = send(open_house, sender.request(), "bearer")
    open_house.machine = NOW.replace(minute=6)
    again = send(open_house, sender.request(), "bearer")
    assert (first.status_code, again.status_code, again.json()["new"]) == (202, 200, False)
    assert first.json()["event"] == again.json()["event"]
    open_house.machine = NOW.replace(minute=11)
    assert send(open_house, sender.request(), "bearer").status_code == 202
    assert len(stored(open_house)) == 2


def bad(sender: Sender) -> dict[str, tuple[Request, int]]:
    """What is sent, and its status."""
    whole = sender.request()
    half = Request(whole.headers, whole.body[: len(whole.body) // 2])
    found = {
        "wrong signature": (sender.request(**{sender.proof: "wrong"}), 401),
        "truncated": (half, 401 if sender.signed else 400),
        "over the limit": (sender.request(b"x" * 2001), 413),
        "content type": (sender.request(content_type="text/plain"), 415),
        "not UTF-8": (sender.request(b"\xff\xfe"), 400),
        "deep": (sender.request(b"[" * 900 + b"]" * 900), 400),
    }
    return {**found, "old": (sender.request(stamp=0), 401)} if sender.dated else found


_REASONS = {"not UTF-8": "the body is not UTF-8", "deep": "the body is nested too deeply"}


@every
def test_a_bad_request_gets_its_status_and_nothing_else(
    open_house: House, sender: Sender, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of every platform: the right status, the right reason in answer and log, how to mend it; no
    event, traceback, secret.
    """
    for what, (request, status) in bad(sender).items():
        answer = send(open_house, request, sender.name)
        assert (what, answer.status_code) == (what, status)
        error = answer.json()["error"]
        assert error["what"]
        assert error["mend"]
        said = capfd.readouterr()
        assert error["what"] in said.out.replace('\\"', '"')
        if what in _REASONS and sender.kind == "application/json":
            assert error["what"] == _REASONS[what]
        assert "Traceback" not in said.out + said.err
        assert sender.secret not in said.out + said.err + answer.text
    assert stored(open_house) == []
    assert open_house.rung == []


def test_a_webhook_is_for_the_addresses_of_its_list(open_house: House) -> None:
    """From any other it is 403 before anything is checked, and who was refused is in the log
    alone.
    """
    sender = SENDERS["bearer"]
    refused = send(open_house, sender.request(authorization="Bearer wrong"), "elsewhere")
    assert (refused.status_code, refused.json()["error"]["what"]) == (
        403,
        "this webhook is not for this address",
    )
    assert send(open_house, sender.request(), "elsewhere").status_code == 403
    assert send(open_house, sender.request(), "here").status_code == 202


def test_a_rate_is_spent_by_good_requests_only(open_house: House) -> None:
    """Anyone who cannot sign cannot use up what friends may send; over it is 429, with the time to
    wait, and not stored.
    """
    sender = SENDERS["bearer"]
    for _ in range(5):
        assert (
            send(open_house, sender.request(authorization="Bearer wrong"), "slow").status_code
            == 401
        )
    answers = [
        send(open_house, replace(sender, content=b'{"n": %d}' % n).request(), "slow")
        for n in range(3)
    ]
    assert [each.status_code for each in answers] == [202, 202, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert len(stored(open_house)) == 2


def test_a_rate_is_not_spent_by_buttons_that_are_none_of_ours(open_house: House) -> None:
    """Mattermost proves nothing about what is pressed, so a stranger's button is refused by its
    value, and first.
    """
    sender = SENDERS["mattermost"]
    press = b'{"user_id": "U1", "channel_id": "C1", "context": {"value": "forged"}}'
    for _ in range(5):
        answer = send(open_house, Request({"content-type": "application/json"}, press), "room")
        assert (answer.status_code, "none of ours" in answer.text) == (403, True)
    assert send(open_house, sender.request(), "room").status_code != 429


@chatting
def test_a_command_is_answered_in_the_platforms_own_format_and_recorded_once(
    open_house: House, sender: Sender
) -> None:
    """Somebody nobody knows asks, twice: both are told so, where they asked, and one event says who
    it was.
    """
    answers = [send(open_house, sender.request(), sender.name) for _ in range(2)]
    for answer in answers:
        assert answer.is_success
        assert answer.json().keys() >= (
            {"type", "text"} if sender.name == "teams" else {"response_type", "text"}
        )
    assert len(stored(open_house)) == 1


def test_what_a_platform_wants_to_hear_is_answered(open_house: House) -> None:
    """Slack's challenge comes back as it was sent, and becomes nothing."""
    body = b'{"type": "url_verification", "challenge": "3eZbrw1aB10FEMAGAZd4FyFQ"}'
    answer = send(
        open_house, SENDERS["slack"].request(body, content_type="application/json"), "slack"
    )
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB10FEMAGAZd4FyFQ"})
    assert stored(open_house) == []
