"""`notify`: one message at one address of a channel, through Apprise; the addresses after those are
its rooms.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, tzinfo
from http import HTTPStatus

from bridge.actions.action import MISCONFIGURED, FireAndForgetAction, Result, misconfigured
from bridge.actions.apprise.http_responses import HttpAnswer, recorded
from bridge.actions.apprise.services import shown, urge
from bridge.actions.chat_post import Room
from bridge.actions.notice_content import NOWHERE, ReplyRoutes, composed, in_room, taken
from bridge.core.chat.reply import Button, Reply, Tone
from bridge.core.chat.signed_tokens import ApprovalLink
from bridge.core.model import Outcome
from bridge.core.requests import NoticeRequest
from bridge.core.time_format import all_in_zone

_LOG = logging.getLogger("apprise")
_LOG.propagate = False  # what it says is caught below and told with the attempt

# by how bad it is, Apprise's own word; what people are asked has none
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}
_TONES = {"warning": Tone.BAD, "critical": Tone.BAD}

# at the end of a line, since what a service says of itself may stand before it; ntfy has codes of
# its own, such as 40101
_STATUS = re.compile(r"error=(\d{3})(?:\d\d)?\W*$", re.MULTILINE)
_SMTP = re.compile(r"\((4\d\d|5\d\d), b?['\"]|was refused: (4\d\d|5\d\d) ")
# what it says of the end of an attempt; the rest are our own words and the service's, which may
# look like anything
_ENDS = ("Socket Exception", "I/O Exception", "SMTP Exception")
_LATER = frozenset({408, 425, 429})
# errors by name: those of a service that is busy, and those that a person must fix in the settings
_BUSY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }
)
_CREDENTIALS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "missing_scope",
        "not_allowed_token_type",
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "team_access_not_granted",
        "org_login_required",
        "ekm_access_denied",
        "access_denied",
    }
)
# what happened, by words in what the libraries say; their own sentences hold addresses, and so
# secrets
_CAUSES = (
    ("timed out", "no answer in time"),
    ("Connection refused", "it refuses the connection"),
    ("Name or service not known", "its name is not known"),
    ("nodename nor servname", "its name is not known"),
    ("Temporary failure in name resolution", "its name cannot be looked up now"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not one that is trusted"),
    ("Connection aborted", "it closed the connection"),
    ("Connection reset", "it closed the connection"),
    ("Connection unexpectedly closed", "it closed the connection"),
)


class Notify(FireAndForgetAction[NoticeRequest]):
    """`channels`: each one's Apprise URLs; `rooms`: those of each channel, counted on after its
    URLs.

    A question gets a link, which `link` makes when it is sent: nothing that is stored can answer.
    """

    def __init__(
        self,
        channels: Mapping[str, Sequence[str]],
        rooms: Mapping[str, Sequence[Room]],
        link: Callable[[ApprovalLink], str],
        ways: ReplyRoutes = NOWHERE,
        zone: tzinfo = UTC,
    ) -> None:
        self._channels = channels
        self._rooms = rooms
        self._link = link
        self._ways = ways
        self._zone = zone

    def send(self, server: str, request: NoticeRequest) -> Result:
        """One address, one attempt."""
        del server
        request = NoticeRequest.of(all_in_zone(request.stored(), self._zone))
        urls = self._channels.get(request.to, ())
        rooms = self._rooms.get(request.to, ())
        if request.target < len(urls):
            return self._tell(urls[request.target], request)
        room = request.target - len(urls)
        if room < len(rooms):
            return rooms[room].say(self._answer(rooms[room], request))
        return Result(
            Outcome.REFUSED,
            f"channel {request.to!r} has no address {request.target} any more",
        )

    def lasts(self, server: str, request: NoticeRequest) -> float:
        """A room's may take as long as all its steps."""
        del server
        return max((room.target.longest for room in self._rooms.get(request.to, ())), default=0.0)

    def _tell(self, url: str, request: NoticeRequest) -> Result:
        # 17 MB: only where something is told
        from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType  # noqa: PLC0415

        # one address: a pool of threads for it would only cost
        asset = AppriseAsset(async_mode=False)
        service = Apprise.instantiate(url, asset=asset)
        if service is None:
            return Result(
                Outcome.REFUSED,
                "Apprise does not understand this address: see `bondbridge channels list`",
            )
        teller = Apprise(asset=asset)
        teller.add(service)
        severity = request.severity or "info"
        over = bool(request.over)
        if severity == "critical" and not over:
            urge(service, url)
        told = shown(composed(request, self._ways, self._link), service, url)
        # Apprise answers with one bool; why it failed stands only in its log
        with _listening() as said, recorded() as answers:
            kind = NotifyType("success" if over else _TYPES[severity])
            done = teller.notify(
                title=told.title,
                body=told.body,
                notify_type=kind,
                body_format=NotifyFormat(told.form),
            )
        if done:
            return Result(Outcome.DONE, "told")
        return failed("\n".join(said), answers[-1] if answers else None)

    def _answer(self, room: Room, request: NoticeRequest) -> Reply:
        """The notice as a room gets it: a button takes it, which comes back by the room's
        webhook.
        """
        mine = taken(request, room.hook)
        event = request.event or None
        if mine and self._ways.button:
            button = self._ways.button(mine)
        else:
            button = None
        return Reply(
            request.title,
            in_room(request),
            buttons=(Button("Acknowledge", button, Tone.GOOD),) if button else (),
            event=event,
            tone=_TONES.get(request.severity or "", Tone.PLAIN),
            to_all=True,
            link=self._ways.story(event)
            if request.event is not None and self._ways.story
            else None,
        )


class _Ear(logging.Handler):
    """Keeps what is said of how an attempt ended."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Once for each line."""
        line = record.getMessage()
        if record.levelno >= logging.WARNING or line.startswith(_ENDS):
            self.said.append(line)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise says meanwhile of how attempts end."""
    ear = _Ear()
    before = _LOG.level
    _LOG.addHandler(ear)
    _LOG.setLevel(logging.DEBUG)
    try:
        yield ear.said
    finally:
        _LOG.setLevel(before)
        _LOG.removeHandler(ear)


def failed(log: str, answer: HttpAnswer | None = None) -> Result:
    """What became of a message that was not taken: again later, never again, or misconfigured.

    By the service's answer where there was one, else by the log of Apprise.
    """
    if answer is not None and answer.error is not None:
        return _named_error(answer.error, answer.wait)
    result = _by_status(log)
    if answer and answer.wait:
        return replace(result, wait=max(result.wait or 0.0, answer.wait))
    return result


def _named_error(error: str, wait: float | None) -> Result:
    """The service says what is wrong in a word of its own, whatever its status."""
    if error in _BUSY:
        return Result(Outcome.UNREACHABLE, f"the service answered {error}", wait)
    if error in _CREDENTIALS:
        return misconfigured(f"the service answered {error}")
    return Result(Outcome.REFUSED, f"the service does not take this message: it answered {error}")


def _by_status(log: str) -> Result:
    found = _STATUS.findall(log)
    if not found:
        return _unanswered(log)
    status = int(found[-1])
    if status in MISCONFIGURED:
        return misconfigured(f"the service answered {_named(status)}")
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Result(Outcome.UNREACHABLE, f"the service answered {_named(status)}")
    return Result(
        Outcome.REFUSED, f"the service does not take this message: it answered {_named(status)}"
    )


def _unanswered(log: str) -> Result:
    mail = _SMTP.search(log)
    if mail is not None:
        code = int(mail[1] or mail[2])
        if code in (530, 534, 535):
            return misconfigured(f"the mail server answered {code}", "check user and password")
        refused = code >= 500  # noqa: PLR2004  SMTP: 4xx for now, 5xx for good
        return Result(
            Outcome.REFUSED if refused else Outcome.UNREACHABLE, f"the mail server answered {code}"
        )
    cause = next(
        (told for words, told in _CAUSES if words in log),
        "it could not be reached, or did not take it",
    )
    return Result(Outcome.UNREACHABLE, cause)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
