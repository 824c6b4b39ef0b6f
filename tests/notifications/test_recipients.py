"""Addresses with several recipients, services that ask for time, and those that refuse
everything.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.apprise.recipients import recipients
from bridge.actions.apprise.urls import wrong
from bridge.cli.setup import doctor_database
from bridge.core.model import JobState
from tests.notifications.apprise_services import mail
from tests.notifications.test_teller import RULES, asked, states
from tests.pipeline.harness import Stage, staged

ANSWER = tuple[int, dict[str, str], Any]


@dataclass
class Topics:
    """A service that answers by topic; `heard`: titles by topic, `asked`: how often it was asked
    for each.
    """

    port: int = 0
    answers: dict[str, ANSWER] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)


@contextmanager
def topics() -> Iterator[Topics]:
    """One on a port of its own."""
    service = Topics()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            topic = body.get("topic") or body.get("channel") or ""
            service.asked[topic] = service.asked.get(topic, 0) + 1
            status, headers, said = service.answers.get(topic, (200, {}, {}))
            if status == 200 and said.get("ok", True):
                service.heard.setdefault(topic, []).append(body.get("title") or body.get("text"))
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service.port = server.server_address[1]
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        yield service
        server.shutdown()


def worked(stage: Stage, minutes: int) -> None:
    """So much time, a minute at a time."""
    for _ in range(minutes):
        stage.work()
        stage.sim.advance(60)


@pytest.mark.parametrize("status", [429, 404, 503, 400])
def test_what_one_recipient_refuses_costs_the_other_nothing(tmp_path: Path, status: int) -> None:
    """Each is a destination of its own: the one that works hears everything, in order and once."""
    with topics() as service:
        url = f"ntfy://127.0.0.1:{service.port}/good/bad?rto=1&cto=1"
        service.answers["bad"] = (status, {}, {})
        with staged(tmp_path, rules=RULES, channel=url, telling=", rate: null") as stage:
            asked(stage, 1, 2, 3)
            worked(stage, 30)
            asked(stage, 4)
            worked(stage, 5)
    assert service.heard == {"good": [f"bond {n}" for n in range(1, 5)]}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_of_two_mail_addresses_one_that_is_put_off_has_the_other_told_once(tmp_path: Path) -> None:
    """The mail server answers 450 to one of them for two hours."""
    with mail() as server:
        url = server.url.replace("to=ops@example.com", "to=a@example.com,b@example.com")
        server.fault = "450 rcpt of b@example.com"
        with staged(tmp_path, rules=RULES, channel=url, telling=", rate: null") as stage:
            asked(stage, 1, 2)
            worked(stage, 120)
            asked(stage, 3)
            worked(stage, 5)
    told = [(each["to"], each["subject"]) for each in server.heard]
    assert [who for who, _ in told] == ["a@example.com"] * 3, told


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("mailto://u:p@mail.example.com?to=a@x.example,b@x.example", 2),
        ("mailtos://u:p@mail.example.com/a@x.example/b@x.example/c@x.example", 3),
        ("ntfy://host.example/good/bad", 2),
        ("tgram://123456789:abcdefg_hijklmnop/111/222", 2),
        ("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general/#noc", 2),
        (f"twilio://AC{'a' * 32}:{'b' * 32}@15551234567/15557654321/15557654322", 2),
        ("rocket://u:p@host/#a/#b", 2),
        ("matrix://u:p@host/#room/#room2", 2),
        ("mmosts://host/tok?channel=a,b", 2),
        ("json://127.0.0.1/a/b/c", 1),
        ("ntfy://host.example/one", 1),
        ("tgram://123456789:abcdefg_hijklmnop/111", 1),
        ("nothing", 1),
    ],
)
def test_an_address_with_several_recipients_becomes_one_for_each(url: str, count: int) -> None:
    """Each with the credentials and options of the whole; one that cannot be split stays."""
    found = recipients(url)
    assert len(set(found)) == len(found) == count
    assert [wrong(each) for each in found if count > 1] == [""] * (count if count > 1 else 0)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ntfy://admin:hk@ajf@host/topic", "write %40"),
        ("ntfy://admin:hk%40ajf@host/topic", ""),
        ("ntfy://admin:hk/ajf@host/topic", "write %2F"),
        ("ntfy://admin:hk#ajf@host/topic", "write %2F or %23"),
        ("mailto://u@h.example?pass=12;34&to=a@b.example", "write %3B"),
        ("mailto://u@h.example?pass=12%3B34&to=a@b.example", ""),
        ("mailto://u:p@h.example?to=nonsense", "no mail address"),
        ("mailto://u:p@h.example?to=ops@example.com,nonsense", "no mail address"),
        ("mailto://u:p@h.example?to=ops@example.com", ""),
        ("tgram://123456789:abcdefg_hijklmnop/@channel", ""),
        ("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general", ""),
        ("json://user:pass@127.0.0.1:8080/path?x=a@b", ""),
    ],
)
def test_an_address_that_would_mean_something_else_is_refused(url: str, says: str) -> None:
    """With how to write the character that it stumbles over, and without the password."""
    found = wrong(url)
    assert says in found if says else found == ""
    assert "hk" not in found
    assert "34" not in found


def test_a_service_that_asks_for_half_an_hour_is_left_alone_for_that_long(tmp_path: Path) -> None:
    """Its Retry-After counts, however few tries there were."""
    with topics() as service:
        service.answers["noc"] = (429, {"Retry-After": "1800"}, {})
        url = f"ntfy://127.0.0.1:{service.port}/noc?rto=1&cto=1"
        with staged(tmp_path, rules=RULES, channel=url, telling=", rate: null") as stage:
            asked(stage, 1)
            worked(stage, 29)
            assert service.asked == {"noc": 1}
            service.answers.clear()
            asked(stage, 2)
            worked(stage, 5)
    assert service.heard == {"noc": ["bond 1", "bond 2"]}


def test_a_service_that_refuses_everything_is_a_failing_channel_and_loses_nothing_more(
    tmp_path: Path,
) -> None:
    """After three in a row the others wait and come in the end; it is an event, and what was lost
    is the doctor's finding.
    """
    with topics() as service:
        service.answers["noc"] = (400, {}, {})
        url = f"ntfy://127.0.0.1:{service.port}/noc?rto=1&cto=1"
        with staged(tmp_path, rules=RULES, channel=url, telling=", rate: null") as stage:
            asked(stage, *range(1, 8))
            worked(stage, 8)
            assert [each for each in stage.types() if each.startswith("channel")] == [
                "channel.failing"
            ]
            assert states(stage).count(JobState.FAILED) == 2
            ((key, says),) = doctor_database.dead_letters(stage.bridge)
            assert (key, says.partition(":")[0]) == ("noc/0", "2 notices that nobody took")
            service.answers.clear()
            worked(stage, 10)
            assert "channel.working" in stage.types()
    assert service.heard == {"noc": [f"bond {n}" for n in range(3, 8)]}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            "invalid_auth",
            (
                "the service answered invalid_auth: check this address and its credentials in the"
                " settings"
            ),
        ),
        ("ratelimited", "the service answered ratelimited"),
        ("msg_too_long", "the service does not take this message: it answered msg_too_long"),
    ],
)
def test_an_error_that_is_answered_with_200_is_named(error: str, says: str) -> None:
    """As Slack does it: what it says is the reason, and not "200 OK"."""
    from bridge.actions.apprise.http_responses import HttpAnswer  # noqa: PLC0415
    from bridge.actions.notify import failed  # noqa: PLC0415

    assert failed("... error=200.", HttpAnswer(200, error=error)).detail == says
