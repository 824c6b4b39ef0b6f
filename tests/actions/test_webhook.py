"""Outgoing webhooks: what is sent, to which addresses, and what each answer means."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import standardwebhooks

from bridge.actions.action import Result
from bridge.actions.outbound_http import Target, lookup, trusted
from bridge.actions.webhook import OutgoingWebhook, Webhook
from bridge.core.model import Outcome, Repeat
from bridge.core.requests import WebhookRequest
from bridge.errors import Refused
from bridge.simulator.behaviour import certificate
from tests.bonding.scripted_server import Reply, Scripted, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = b"twenty-four bytes or more"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TOKEN = "of-the-address"
SENT = {
    "id": "0a1b2c",
    "rule": "tell-billing",
    "event": "e1",
    "type": "bond.down",
    "subject": "bond/3",
    "time": "2026-03-01T11:59:58+00:00",
    "data": {"bond": "hq süd", "n": 3},
}
REQUEST = WebhookRequest.of({"to": "billing", **SENT})


def hooks(url: str, *, allow_private: bool = True, **more: Any) -> dict[str, OutgoingWebhook]:
    """One outgoing webhook to this address."""
    given = {"timeout": 5.0, "trust": trusted(verify=True), **more}
    return {"billing": OutgoingWebhook(Target(httpx.URL(url), allow_private, **given), [SECRET])}


def sent(url: str, **more: Any) -> Result:
    """What sending the request once comes to."""
    return Webhook(hooks(url, **more), lambda: NOW).send("hq", REQUEST)


def at(*addresses: str) -> Any:
    """A name service that knows these addresses for every name."""

    def look_up(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return look_up


def named(server: Scripted, name: str) -> str:
    """The address of the server with another name in it."""
    return server.url.replace("127.0.0.1", name)


def test_what_is_sent_is_a_cloud_event_signed_as_the_standard_says() -> None:
    """The body holds what a CloudEvent needs, and the signature is the HMAC over id, moment and
    exactly this body.
    """
    with serving(Reply(status=204)) as receiver:
        assert sent(f"{receiver.url}/in?a=1") == Result(Outcome.DONE, "204")
    (asked,) = receiver.asked
    assert (asked.method, asked.path, asked.params) == ("POST", "/in", {"a": "1"})
    assert asked.headers["Content-Type"].startswith("application/cloudevents+json")
    assert json.loads(asked.body) == {
        "specversion": "1.0",
        "source": "hq",
        "datacontenttype": "application/json",
        **SENT,
    }
    stamp = str(int(NOW.timestamp()))
    assert (asked.headers["webhook-id"], asked.headers["webhook-timestamp"]) == ("0a1b2c", stamp)
    digest = hmac.digest(KEY, b".".join((b"0a1b2c", stamp.encode(), asked.body)), hashlib.sha256)
    assert asked.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_while_a_secret_is_changed_it_is_signed_with_both() -> None:
    """A receiver that has the old secret yet and one that has the new one each find a signature
    that is theirs.
    """
    new = f"whsec_{base64.b64encode(b'another twenty-four bytes').decode()}"
    with serving(Reply()) as receiver:
        (hook,) = hooks(receiver.url).values()
        Webhook({"billing": OutgoingWebhook(hook.target, [new, SECRET])}, lambda: NOW).send(
            "hq", REQUEST
        )
    (asked,) = receiver.asked
    signatures = asked.headers["webhook-signature"].split(" ")
    for secret, signature in zip((new, SECRET), signatures, strict=True):
        assert (
            standardwebhooks.Webhook(secret).sign("0a1b2c", NOW, asked.body.decode()) == signature
        )


def test_a_second_try_has_the_same_id_and_body_and_a_signature_of_its_own() -> None:
    """So that the person who got the first one knows the second, and none is refused for its
    age.
    """
    moments = iter((NOW, NOW + timedelta(hours=2)))
    with serving([Reply(status=500), Reply()]) as receiver:
        webhook = Webhook(hooks(receiver.url), lambda: next(moments))
        assert [webhook.send("hq", REQUEST).outcome for _ in range(2)] == [
            Outcome.UNKNOWN,
            Outcome.DONE,
        ]
    first, second = receiver.asked
    assert webhook.repeat(REQUEST) is Repeat.SAFE
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert (
        int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 7200
    )
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(
    ("reply", "outcome", "wait"),
    [
        (Reply(status=200), Outcome.DONE, None),
        (Reply(status=202), Outcome.DONE, None),
        (Reply(status=400), Outcome.REFUSED, None),
        (Reply(status=401), Outcome.REFUSED, None),
        (Reply(status=404), Outcome.REFUSED, None),
        (Reply(status=410), Outcome.REFUSED, None),
        (Reply(status=302, headers=(("Location", "/elsewhere"),)), Outcome.REFUSED, None),
        (Reply(status=307, headers=(("Location", "http://127.0.0.1:1/"),)), Outcome.REFUSED, None),
        (Reply(status=308), Outcome.REFUSED, None),
        (Reply(status=429), Outcome.UNREACHABLE, None),
        (Reply(status=429, headers=(("Retry-After", "7"),)), Outcome.UNREACHABLE, 7.0),
        (Reply(status=503, headers=(("Retry-After", "60"),)), Outcome.UNREACHABLE, 60.0),
        (Reply(status=503), Outcome.UNKNOWN, None),
        (Reply(status=500), Outcome.UNKNOWN, None),
        (Reply(status=504), Outcome.UNKNOWN, None),
        (Reply(silent=True), Outcome.UNKNOWN, None),
    ],
    ids=lambda value: (
        f"{value.status}{'-silent' * value.silent}" if isinstance(value, Reply) else str(value)
    ),
)
def test_what_an_answer_means(reply: Reply, outcome: Outcome, wait: float | None) -> None:
    """Taken, refused for good, asked to come again, or nobody knows; a redirect is not followed."""
    with serving(reply) as receiver:
        result = sent(receiver.url)
    assert (result.outcome, result.wait) == (outcome, wait)
    assert len(receiver.asked) == 1


def test_an_answer_that_does_not_come_in_time_is_unknown() -> None:
    """The receiver may have taken it."""
    enough = threading.Event()

    def say(_: object) -> Reply:
        enough.wait(30)
        return Reply(silent=True)

    with serving(say) as receiver:
        result = sent(receiver.url, timeout=0.2)
        enough.set()
    assert result == Result(Outcome.UNKNOWN, "no answer from 127.0.0.1: timed out")


def test_where_nobody_listens_nothing_was_sent() -> None:
    """A closed port and a name nobody knows are tried again later."""
    with serving(Reply()) as receiver:
        pass
    assert sent(receiver.url).outcome is Outcome.UNREACHABLE

    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert sent("http://nowhere.example/", lookup=unknown).outcome is Outcome.UNREACHABLE
    assert sent("http://nowhere.example/", lookup=at()).outcome is Outcome.UNREACHABLE


INSIDE = (
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001:db8::1",
    "::127.0.0.1",
)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address: str) -> None:
    """Private, loopback, link-local, multicast and reserved ones, also as carried in another, and
    beside a public one.
    """
    for found in ([address], ["8.8.8.8", address]):
        result = sent("https://billing.example/", allow_private=False, lookup=at(*found))
        assert result.outcome is Outcome.REFUSED
        assert f"billing.example is at {address}, which is no public address" in result.detail


def test_public_addresses_are_not() -> None:
    """Of both kinds, and through a gateway between them."""
    public = ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808")
    assert (
        hooks("https://a.example/", allow_private=False, lookup=at(*public))[
            "billing"
        ].target.addresses()
        == public
    )


def test_a_name_that_leads_inside_reaches_nobody() -> None:
    """The machine's own name service says where localhost is, and the receiver there hears
    nothing.
    """
    with serving(Reply()) as receiver:
        url = named(receiver, "localhost")
        assert sent(url, allow_private=False).outcome is Outcome.REFUSED
        assert receiver.asked == []
        assert sent(url).outcome is Outcome.DONE


def test_what_is_reached_is_the_address_that_was_checked() -> None:
    """The name is asked for once, though its answer would change; it stands in `Host`, and the next
    address is tried.
    """
    answers = iter([["::1", "127.0.0.1"]])
    with serving(Reply()) as receiver:
        url = named(receiver, "billing.example")
        assert sent(url, lookup=lambda _host, _port: next(answers)).outcome is Outcome.DONE
    assert receiver.asked[0].headers["Host"] == url.removeprefix("http://")


def test_a_certificate_must_be_that_of_the_name(tmp_path: Path) -> None:
    """Over TLS the address may be anything; the server must show a certificate for the name that
    was written.
    """
    served = certificate.at(tmp_path / "made.pem", "billing.example", days=1)
    trust = trusted(served.path)
    with serving(Reply(), served.context()) as receiver:
        here = {"lookup": at("127.0.0.1"), "trust": trust}
        assert sent(named(receiver, "billing.example"), **here).outcome is Outcome.DONE
        wrong = sent(named(receiver, "other.example"), **here)
        strange = sent(named(receiver, "billing.example"), lookup=at("127.0.0.1"))
    assert [each.outcome for each in (wrong, strange)] == [Outcome.UNREACHABLE] * 2
    assert "certificate" in wrong.detail
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("status", [200, 302, 404, 429, 500])
def test_no_secret_is_told(status: int) -> None:
    """Neither what signs nor the path of the address, though the receiver says it again."""
    with serving(
        lambda asked: Reply(f"cannot POST {asked.path}", status, (("Location", asked.path),))
    ) as receiver:
        answered = sent(f"{receiver.url}/{TOKEN}")
    for result in (
        answered,
        sent(f"{receiver.url}/{TOKEN}"),
    ):  # the second is a port that is closed
        assert TOKEN not in result.detail
        assert SECRET not in result.detail


def test_a_webhook_that_the_settings_no_longer_name_is_refused() -> None:
    """Settings may change while a job waits."""
    result = Webhook({}, lambda: NOW).send("hq", REQUEST)
    assert result == Result(
        Outcome.REFUSED, "not sent: the settings name no outgoing webhook 'billing' any more"
    )


def test_the_machines_own_name_service_is_asked() -> None:
    """Each address once; a name that is none raises what is caught."""
    assert "127.0.0.1" in lookup("localhost", 80)
    target = hooks("https://localhost/", allow_private=False)["billing"].target
    with pytest.raises(Refused, match="no public address"):
        target.addresses()
