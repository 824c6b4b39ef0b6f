"""Real receivers behind Apprise's own plug-ins: what they take, and what is said where they do
not.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.action import Result
from bridge.actions.notify import Notify
from bridge.core.model import JobState, Outcome
from bridge.core.notifications.mentions import NOTHING
from bridge.core.requests import NoticeRequest
from tests.notifications import apprise_services
from tests.notifications.apprise_services import SECRET, Receiver, text_of
from tests.pipeline.harness import staged

pytestmark = [
    # aiosmtpd's: that its test double of a mail server asks for a password in clear, and about its
    # own past
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd"),
]

FORMS = {
    "json": f"json://someone:{SECRET}@{{at}}/in/{SECRET}",
    "ntfy": f"ntfy://someone:{SECRET}@{{at}}/alerts",
    "gotify": f"gotify://{{at}}/{SECRET}",
    "mattermost": f"mmost://{{at}}/{SECRET}",
}
NAME = "<script>alert(1)</script> *bold* _it_ @channel [a](http://x.example/a_b) `c`"
REQUEST = {
    "to": "noc",
    "target": 0,
    "title": f"leg {NAME} is down",
    "body": f"# {NAME}\nsecond line",
    "severity": "warning",
}


def send(url: str, **more: Any) -> Result:
    """One notice at this address."""
    return Notify({"noc": [url]}, {}, str).send("", NoticeRequest.of({**REQUEST, **more}))


def heard(kind: str, sent: dict[str, Any]) -> tuple[str, str]:
    """Title and text as the service shows them."""
    if kind == "mattermost":
        title, _, text = sent["text"].partition("\n")
        return title, text
    return sent["title"], sent["message"]


@pytest.mark.parametrize("kind", [kind for kind in FORMS if kind != "mattermost"])
def test_names_arrive_as_words(kind: str) -> None:
    """What a name is made of is neither changed nor read as markup by services that show text."""
    with apprise_services.web(FORMS[kind]) as service:
        assert send(service.url) == Result(Outcome.DONE, "told")
        assert heard(kind, service.heard[0]) == (REQUEST["title"], REQUEST["body"])


def test_a_chat_that_shows_markdown_gets_it() -> None:
    """Mattermost gets a bold title, and all else as it was written; nobody is called, and addresses
    can still be opened.
    """
    with apprise_services.web(FORMS["mattermost"]) as service:
        assert send(service.url).outcome is Outcome.DONE
        assert send(f"{service.url}&format=text").outcome is Outcome.DONE
        title, text = heard("mattermost", service.heard[0])
        bare, _ = heard("mattermost", service.heard[1])
    words = (
        r"leg &lt;script&gt;alert\(1\)&lt;/script&gt; \*bold\* \_it\_ @/channel"
        r" \[a\]\(http://x.example/a_b\) \`c\` is down"
    )
    assert title.rstrip() == f"**{words.replace('@/', '@' + NOTHING)}**"
    assert bare.rstrip() == title.rstrip().strip("*")
    assert text.startswith("\\# &lt;script&gt;")
    assert "@channel" not in title + text


def test_a_chat_that_escapes_nothing_gets_code() -> None:
    """Rocket.Chat, by its webhook: a name with marks in it is code, and a question's link is
    one.
    """
    link = "https://bridge.example/approve/ab_c-d.e~f"
    with apprise_services.web("rocket://webhooka/b@{at}/#alerts") as service:
        notify = Notify({"noc": [service.url]}, {}, lambda _: link)
        question = {"approval": "a", "plan": "p"}
        assert (
            notify.send("", NoticeRequest.of({**REQUEST, "question": question})).outcome
            is Outcome.DONE
        )
        (sent,) = service.heard
    assert f"[yes or no]({link})" in sent["text"]
    assert "`<script>alert(1)</script> *bold* _it_ @" in sent["text"]
    assert "@channel" not in sent["text"]


def test_a_mail_is_html_and_text() -> None:
    """Its subject is one line whatever the name, no header can be added by one, what looks like
    HTML is shown.
    """
    with apprise_services.mail() as service:
        assert (
            send(service.url, title="leg a\r\nBcc: all@example.com\nis down").outcome
            is Outcome.DONE
        )
        (mail,) = service.heard
    assert mail["Subject"] == "leg a Bcc: all@example.com is down"
    assert mail["Bcc"] is None
    assert text_of(mail).splitlines() == REQUEST["body"].splitlines()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text_of(mail, "html")
    assert "<script>" not in text_of(mail, "html")


def test_a_mail_that_is_to_be_text_is() -> None:
    """Where the address says so, there is no HTML."""
    with apprise_services.mail() as service:
        assert send(f"{service.url}&format=text").outcome is Outcome.DONE
        (mail,) = service.heard
    assert mail.get_content_type() == "text/plain"
    assert text_of(mail).splitlines() == REQUEST["body"].splitlines()


def test_syslog_hears_a_line() -> None:
    """Over UDP nobody answers: it was told when it was sent, with the severity as its own."""
    with apprise_services.log() as service:
        assert (
            send(service.url, title="leg cable is down", body="since 12:00").outcome is Outcome.DONE
        )
        while not service.heard:
            service.over.wait(0.05)
    assert service.heard[0].startswith("<156>")  # local3, warning
    assert service.heard[0].endswith("leg cable is down: since 12:00")


def test_a_long_title_is_cut_and_the_body_has_it_all() -> None:
    """A phone shows one line."""
    with apprise_services.web(FORMS["gotify"]) as service:
        send(service.url, title="x" * 500, body="why")
        send(service.url, title="x" * 500, body="")
        long, alone = (heard("gotify", each) for each in service.heard)
    assert (len(long[0]), long[1]) == (150, "x" * 500 + "\nwhy")
    assert alone[1] == "x" * 500


MEND = "check this address and its credentials in the settings"
HTTP = [
    ("400", Outcome.REFUSED, "the service does not take this message: it answered 400 Bad Request"),
    ("413", Outcome.REFUSED, "the service does not take this message: it answered 413 "),
    ("302", Outcome.UNREACHABLE, f"the service answered 302 Found: {MEND}"),
    ("401", Outcome.UNREACHABLE, f"the service answered 401 Unauthorized: {MEND}"),
    ("404", Outcome.UNREACHABLE, f"the service answered 404 Not Found: {MEND}"),
    ("429", Outcome.UNREACHABLE, "the service answered 429 Too Many Requests"),
    ("500", Outcome.UNREACHABLE, "the service answered 500 Internal Server Error"),
    ("503", Outcome.UNREACHABLE, "the service answered 503 Service Unavailable"),
    ("slow", Outcome.UNREACHABLE, "no answer in time"),
    ("cut", Outcome.UNREACHABLE, "it closed the connection"),
]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(("fault", "outcome", "says"), HTTP, ids=[each[0] for each in HTTP])
def test_a_service_that_does_not_take_it(
    kind: str, fault: str, outcome: Outcome, says: str
) -> None:
    """What it means is read from what happened, whatever the notice or the service's answer says in
    words.
    """
    with apprise_services.web(FORMS[kind]) as service:
        service.fault = fault
        result = send(service.url, body="error=404. timed out Connection refused")
    assert (result.outcome, result.detail[: len(says)]) == (outcome, says)
    assert (result.wait is not None) == (MEND in says)
    assert SECRET not in result.detail
    assert service.heard == []


@pytest.mark.parametrize("kind", FORMS)
def test_a_service_that_is_not_there(kind: str) -> None:
    """Its port is closed."""
    with apprise_services.web(FORMS[kind]) as service:
        pass
    assert send(service.url) == Result(Outcome.UNREACHABLE, "it refuses the connection")


def test_ntfy_has_codes_of_its_own() -> None:
    """Of 40101 the first three digits are the status; the word beside it is the service's and is
    not told.
    """
    with apprise_services.web(FORMS["ntfy"]) as service:
        service.fault = "401"
        service.answer = {"code": 40101, "http": 401, "error": f"unauthorized {SECRET}"}
        result = send(service.url)
    assert result.detail == f"the service answered 401 Unauthorized: {MEND}"


MAIL = [
    ("535 auth", Outcome.UNREACHABLE, "the mail server answered 535: check user and password"),
    ("450 rcpt", Outcome.UNREACHABLE, "the mail server answered 450"),
    ("550 rcpt", Outcome.REFUSED, "the mail server answered 550"),
    ("451 data", Outcome.UNREACHABLE, "the mail server answered 451"),
    ("554 data", Outcome.REFUSED, "the mail server answered 554"),
]


@pytest.mark.parametrize(("fault", "outcome", "says"), MAIL, ids=[each[0] for each in MAIL])
def test_a_mail_server_that_does_not_take_it(fault: str, outcome: Outcome, says: str) -> None:
    """4xx is for now, 5xx for good; what it says beside the code is not told."""
    with apprise_services.mail() as service:
        service.fault = fault
        result = send(service.url)
    assert (result.outcome, result.detail) == (outcome, says)


def test_a_mail_that_one_of_two_takes_says_why_the_other_did_not() -> None:
    """Of a partial refusal the code is known too."""
    with apprise_services.mail() as service:
        service.fault = "550 rcpt of other@example.com"
        result = send(
            service.url.replace("to=ops@example.com", "to=ops@example.com&cc=other@example.com")
        )
    assert result == Result(Outcome.REFUSED, "the mail server answered 550")


@pytest.mark.parametrize(
    ("cut", "says"), [(False, "no answer in time"), (True, "it closed the connection")]
)
def test_a_mail_server_that_says_nothing(*, cut: bool, says: str) -> None:
    """It takes the connection and no more, or hangs up."""
    with apprise_services.mute(cut=cut) as service:
        assert send(service.url) == Result(Outcome.UNREACHABLE, says)


def test_a_mail_server_that_is_not_there() -> None:
    """Its port is closed."""
    with apprise_services.mail() as service:
        pass
    assert send(service.url) == Result(Outcome.UNREACHABLE, "it refuses the connection")


PLACES: dict[str, Callable[[], AbstractContextManager[Receiver]]] = {
    "mail": apprise_services.mail,
    **{kind: partial(apprise_services.web, form) for kind, form in FORMS.items()},
}
RULES = "\n".join(
    f'- id: {kind}\n  when: webhook.demo\n  do: [{{notify: {{to: {kind}, title: "bond'
    ' ${event.data.body.bond}"}}]'
    for kind in ("noc", *PLACES)
)


@pytest.mark.parametrize("fault", ["503", "slow"])
def test_one_that_fails_holds_up_no_other(tmp_path: Path, fault: str) -> None:
    """All kinds in one bridge, one of them away: the others are told at once, that one when it is
    back.
    """
    with ExitStack() as stack:
        places = {kind: stack.enter_context(make()) for kind, make in PLACES.items()}
        os.environ.update({f"STAGE_{kind.upper()}": place.url for kind, place in places.items()})
        more = "".join(f", {kind}: {{urls: [{{env: STAGE_{kind.upper()}}}]}}" for kind in places)
        away = stack.enter_context(apprise_services.web(FORMS["json"]))
        away.fault = fault
        stage = stack.enter_context(
            staged(tmp_path, rules=RULES, channel=away.url, telling="}" + more[: -len("}")])
        )
        stage.webhook(7)
        stage.work()
        assert {kind: len(place.heard) for kind, place in places.items()} == dict.fromkeys(
            places, 1
        )
        assert [job["state"] for job in stage.jobs()].count(JobState.DUE) == 1
        away.fault = ""
        away.over.set()
        stage.sim.advance(60)
        stage.work()
        assert {job["state"] for job in stage.jobs()} == {JobState.SUCCEEDED}
        assert {
            kind: len(place.heard) for kind, place in {**places, "noc": away}.items()
        } == dict.fromkeys([*places, "noc"], 1)
