"""What arrives at real receivers: links that lead on, digests, how urgent it is; and that it is one
message.
"""

import re
from html import unescape
from typing import Any

import pytest
from apprise import Apprise, NotifyFormat
from hypothesis import given

from bridge.actions.apprise.services import shown
from bridge.actions.notice_content import ReplyRoutes, composed
from bridge.actions.notify import Notify
from bridge.core.model import Outcome
from bridge.core.notifications.message import printable
from bridge.core.requests import NoticeRequest
from tests.notifications import apprise_services
from tests.notifications.apprise_services import Receiver, text_of
from tests.notifications.test_forms import TEXT, Page, plain, unquoted
from tests.notifications.test_receivers import FORMS, NAME

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd"),
]

EVENT = "3f9a2c1b" * 3
TAKE = "https://bridge.example/ack/WyIzZjkh_-.ab-c"
STORY = f"https://bridge.example/events/{EVENT}"
WAYS = ReplyRoutes(
    story=lambda event: f"https://bridge.example/events/{event or ''}", take=lambda _: TAKE
)
ONE = {
    "to": "noc",
    "target": 0,
    "title": "leg cable of hq is down",
    "body": "space acme, since 12:00",
    "severity": "critical",
    "event": EVENT,
    "follow": {"repeat_every": 3600.0},
}
MANY = {
    "to": "noc",
    "target": 0,
    "title": "27 notices: 27 leg.down",
    "body": "the oldest since 2026-03-01 02:00 UTC",
    "severity": "warning",
    "event": "",
    "left": 7,
    "notices": [
        {"title": NAME, "event": EVENT, "takes": True},
        *(
            {
                "title": f"leg {n} of {'a long, long name ' * 7}is down",
                "event": EVENT,
                "takes": n % 2 == 0,
            }
            for n in range(19)
        ),
    ],
}


def tell(
    service: Receiver, request: dict[str, Any], more: str = "", ways: ReplyRoutes = WAYS
) -> None:
    """One notice there."""
    assert (
        Notify({"noc": [service.url + more]}, {}, str, ways)
        .send("", NoticeRequest.of(request))
        .outcome
        is Outcome.DONE
    )


def test_a_mail_leads_on_in_both_its_forms() -> None:
    """Anyone who reads it as text sees where the links lead; in HTML they are links, and the
    command is code.
    """
    with apprise_services.mail() as service:
        tell(service, ONE)
        (mail,) = service.heard
    page = Page(text_of(mail, "html"))
    assert page.leads == [TAKE, STORY]
    assert "<kbd>bondbridge ack 3f9a2c1b</kbd>" in text_of(mail, "html")
    assert text_of(mail).splitlines()[-3:] == [
        "told again every 1h while it lasts, unless somebody acknowledges: bondbridge ack 3f9a2c1b",
        f"acknowledge: {TAKE}",
        f"story: {STORY}",
    ]


def test_markdown_where_the_service_shows_it() -> None:
    """Mattermost always, ntfy and Gotify where the address says so: links are links, the command is
    code; else all is text.
    """
    for kind in ("mattermost", "ntfy", "gotify"):
        with apprise_services.web(FORMS[kind]) as service:
            tell(service, ONE, "&format=markdown")
            tell(service, ONE)
            rich, other = (sent.get("text") or sent["message"] for sent in service.heard)
        assert f"[acknowledge]({TAKE})  \n[story]({STORY})" in rich, kind
        assert "`bondbridge ack 3f9a2c1b`" in rich, kind
        assert (f"\nacknowledge: {TAKE}\nstory: {STORY}" in other) is (kind != "mattermost"), kind


def test_a_digest_leads_on_from_each_line() -> None:
    """Each has its event's id and its story, and how to take it: by a link, or where there is none
    by the command.
    """
    with apprise_services.web(FORMS["json"]) as service:
        tell(service, MANY)
        tell(service, MANY, ways=ReplyRoutes())
        linked, bare = (sent["message"].splitlines() for sent in service.heard)
    assert linked[0] == f"- {NAME} · 3f9a2c1b · acknowledge: {TAKE} · story: {STORY}"
    assert linked[2].endswith(f"name is down · 3f9a2c1b · story: {STORY}")
    assert linked[20:] == [
        "… and 7 more: bondbridge events",
        "the oldest since 2026-03-01 02:00 UTC",
        "story: https://bridge.example/events/",
    ]
    assert bare[0] == f"- {NAME} · bondbridge ack 3f9a2c1b"
    assert bare[2].endswith(" · 3f9a2c1b")


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
ADDRESSES = {
    "mmost://h/token": ("text", 4000),
    "discord://123456789012345678/" + "a" * 68: ("markdown", 2000),
    "tgram://123456789:abcdefg_hijklmnop/12315544/": ("html", 4096),
    "tgram://123456789:abcdefg_hijklmnop/12315544/?format=markdown": ("markdown", 4096),
    SLACK: ("markdown", 3000),
    f"{SLACK}?format=text": ("text", 3000),
    "gchat://workspace/key/token": ("markdown", 4000),
    "rocket://webhooka/b@h/#alerts": ("markdown", 1000),
    "matrix://user:word@localhost/#room": ("html", 10_000),
    "matrix://user:word@localhost/#room?format=text": ("text", 10_000),
    "zulip://bot@org/" + "a" * 32 + "/alerts": ("text", 10_000),
    "pover://" + "u" * 30 + "@" + "t" * 30: ("html", 1024),
    "mailto://user:word@example.com": ("html", 10_000),
    "ntfy://h/topic": ("text", 3800),
    "json://h": ("text", 10_000),
    "json://h/?format=html": ("html", 10_000),
    "sendgrid://abcd:me@example.com/you@example.com": ("html", 10_000),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_one_notice_is_one_message(address: str) -> None:
    """In the form that the service shows, or the address asks for, and no longer than it takes,
    with whole links.
    """
    service = Apprise.instantiate(address)
    assert service
    form, most = ADDRESSES[address]
    said = shown(composed(NoticeRequest.of(MANY), WAYS, str), service, address)
    sent = service.dialect_convert(said.body, NotifyFormat(said.form))
    assert said.form == form
    assert len(sent.encode() if address.startswith("ntfy") else sent) <= most
    more = int(sent.partition("… and ")[2].partition(" more")[0])
    ids = sent.count("3f9a2c1b" * 3)
    assert (27 - more) * (2 if form == "html" and "mailto" in address else 1) == ids
    assert "https://bridge.example/events/" in sent.splitlines()[-1]
    if form == "html":
        Page(sent)


def made(address: str, body: str) -> str:
    """What Apprise's plug-in sends of a notice with this body."""
    service = Apprise.instantiate(address)
    assert service
    message = shown(
        composed(
            NoticeRequest(to="noc", target=0, title="x", body=f"a\n{body}"), ReplyRoutes(), str
        ),
        service,
        address,
    )
    return service.dialect_convert(message.body, NotifyFormat(message.form))


@pytest.mark.parametrize("address", [SLACK, f"{SLACK}?format=text", "gchat://workspace/key/token"])
@given(TEXT)
def test_slack_and_google_chat_get_words(address: str, body: str) -> None:
    """In markup of their own, which Apprise makes: outside of code nothing means anything, and all
    is what it was.
    """
    sent = made(address, body)
    assert re.findall(r"[<>]|&(?!amp;|lt;|gt;)|@\w", sent) == []
    if "format=text" not in address:
        assert (
            re.findall(
                r"[*~|]|(?<!\w)_|_(?!\w)",
                re.sub(r"`[^`\n]*`|https?://\S+", "", sent.partition("\n")[2]),
            )
            == []
        )
    went_in = plain(printable(" ".join(body.splitlines())))
    assert unquoted(plain(unescape(sent)).partition("a")[2]) == unquoted(went_in)


@given(TEXT)
def test_telegram_gets_words(body: str) -> None:
    """Its HTML is what Apprise leaves of ours: it parses, and all is what it was."""
    page = Page(made("tgram://123456789:abcdefg_hijklmnop/12315544/", body))
    assert plain(page.words).split()[2:] == plain(printable(" ".join(body.splitlines()))).split()
    assert set(page.tags) <= {"b", "code"}


@pytest.mark.parametrize("kind", ["mattermost", "ntfy", "rocket"])
def test_a_long_digest_is_sent_once(kind: str) -> None:
    """Whatever Apprise does with what is too long, it has nothing to do."""
    with apprise_services.web(
        {**FORMS, "rocket": "rocket://webhooka/b@{at}/#alerts"}[kind]
    ) as service:
        tell(service, MANY, "&overflow=split")
        assert service.asked == 1


PRIORITIES = {"ntfy": ("max", None, "low"), "gotify": (8, 5, 0)}


@pytest.mark.parametrize("kind", PRIORITIES)
def test_what_is_critical_is_urgent(kind: str) -> None:
    """Where the service knows urgency and the address says nothing of it; what is over, or less
    bad, is not.
    """

    def urgency(service: Receiver) -> Any:
        return (
            service.headers.get("x-priority") if kind == "ntfy" else service.heard[-1]["priority"]
        )

    with apprise_services.web(FORMS[kind]) as service:
        found = []
        for request, more in (
            (ONE, ""),
            ({**ONE, "severity": "warning"}, ""),
            (ONE, "&priority=low"),
        ):
            tell(service, request, more)
            found.append(urgency(service))
        tell(service, {**ONE, "over": True})
    assert tuple(found) == PRIORITIES[kind]
    assert urgency(service) == PRIORITIES[kind][1]
