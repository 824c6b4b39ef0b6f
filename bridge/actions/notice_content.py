"""What a notice says, from what its job asks for: the rule's words, what is done next, and the
links that lead on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bridge.core.chat.signed_tokens import AcknowledgeToken, ApprovalLink
from bridge.core.model import Body
from bridge.core.notifications import digest
from bridge.core.notifications.message import Line, Look, Message, Part, linked, printable, said
from bridge.core.requests import NoticeRequest

_BETWEEN = Part(" · ")


@dataclass(frozen=True, slots=True)
class ReplyRoutes:
    """What leads on from a notice, made when it is sent: nothing that is stored can take it.

    `story`: the page of an event, or without one all of them; `take`: the page where somebody says
    that they have it; both None where nobody outside could open them. `button`: the value of a
    button that says so.
    """

    story: Callable[[str | None], str] | None = None
    take: Callable[[AcknowledgeToken], str] | None = None
    button: Callable[[AcknowledgeToken], str] | None = None


NOWHERE = ReplyRoutes()


def composed(
    request: NoticeRequest, ways: ReplyRoutes, link: Callable[[ApprovalLink], str]
) -> Message:
    """The message for a service; `link`: where a question is answered."""
    asked = request.question
    whole = Message(printable(" ".join(request.title.split())), said(request.body))
    if asked:
        way = ApprovalLink(asked["approval"], asked["plan"], request.to)
        return replace(whole, foot=(Line(), linked("yes or no", link(way), needed=True)))
    if request.notices is not None:
        return replace(
            whole,
            lines=tuple(_of_many(each, request.to, ways) for each in request.notices),
            foot=(*whole.lines, *_links(request, ways)),
            left=request.left or 0,
            rest=digest.REST,
        )
    return replace(whole, foot=(*ahead(request), *_links(request, ways)))


def ahead(request: NoticeRequest) -> tuple[Line, ...]:
    """What is done next."""
    return said(digest.ahead(request.event or "", request.follow))


def taken(request: NoticeRequest, hook: str = "") -> AcknowledgeToken | None:
    """What somebody may say that they have."""
    if request.takes and request.event:
        return AcknowledgeToken(request.event, request.to, hook)
    return None


def in_room(request: NoticeRequest) -> tuple[str, ...]:
    """The lines of a notice in a room: its buttons and its link are the room's."""
    if request.notices is None:
        return (
            *request.body.splitlines(),
            *("".join(part.text for part in each.parts) for each in ahead(request)),
        )
    shown = [" · ".join([each["title"], *_named(each)]) for each in request.notices]
    if request.left:
        rest = [f"… and {request.left} more: {digest.REST}"]
    else:
        rest = []
    return (*shown, *rest, *request.body.splitlines())


def _of_many(notice: Body, to: str, ways: ReplyRoutes) -> Line:
    """One of many: its title, its event's id or how it is taken, and its links."""
    event = notice["event"]
    leads = []
    if event and notice["takes"] and ways.take:
        leads.append(Part("acknowledge", to=ways.take(AcknowledgeToken(event, to))))
    if event and ways.story:
        leads.append(Part("story", to=ways.story(event)))
    named = [Part(each, Look.CODE) for each in _named(notice, links=ways.take is not None)]
    return Line(tuple(_apart([Part(printable(notice["title"])), *named, *leads])), listed=True)


def _named(notice: Body, *, links: bool = False) -> list[str]:
    """By what its event is spoken of: the command that takes it, unless there is a link for that,
    or the bare id.
    """
    if not notice["event"]:
        return []
    return [
        digest.taking(notice["event"]) if notice["takes"] and not links else notice["event"][:8]
    ]


def _apart(parts: list[Part]) -> Iterator[Part]:
    yield parts[0]
    for part in parts[1:]:
        yield from (_BETWEEN, part)


def _links(request: NoticeRequest, ways: ReplyRoutes) -> tuple[Line, ...]:
    mine = taken(request)
    if mine and ways.take:
        take = [linked("acknowledge", ways.take(mine))]
    else:
        take = []
    if request.event is not None and ways.story:
        story = [linked("story", ways.story(request.event or None))]
    else:
        story = []
    return (*take, *story)
