"""What people in chat can tell the bridge itself: pauses, silences, work on bonds, who has what,
answers to what is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject, UnknownObject
from bridge.core.chat.principal import Principal
from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.roles import Role
from bridge.core.durations import seconds
from bridge.core.events.headlines import headline
from bridge.core.model import JobState
from bridge.errors import BadInput, Problem
from bridge.pipeline.approvals.approver import Approver
from bridge.pipeline.approvals.eligibility import Answered, Answerer
from bridge.pipeline.chat import visibility
from bridge.pipeline.controls.operator_controls import OperatorControls, SilenceRequest
from bridge.pipeline.messages import question_jobs
from bridge.pipeline.notifications.follow_up import FollowUps
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import approvals
from bridge.store.decisions import jobs as job_store
from bridge.store.notifications import open_notifications
from bridge.store.observations import events as event_store

_WHY = "said in chat"
_LEAST = 4  # of an id's beginning
_SILENCED = ("bond", "leg", "space")


class NotAllowed(Exception):
    """The person who said it may not; in a sentence."""


@dataclass(frozen=True, slots=True)
class ControlContext:
    """One order: who gives it about which server, under which name they answer questions, what they
    see of it, the words after it.

    `event`: the id of the command that it is; `place`: the webhook and the room in which it was
    said.
    """

    event: str
    server: str
    asker: Principal
    answerer: Answerer
    fleet: Inventory
    words: Sequence[str]
    now: datetime
    place: str = ""


class ControlCommands:
    """`word`: by which a command's question is confirmed. Each order raises UnknownObject,
    NotAllowed or BadInput.
    """

    def __init__(
        self,
        database: Database,
        steering: OperatorControls,
        approver: Approver,
        follower: FollowUps,
        word: Callable[[str], str],
    ) -> None:
        self._database = database
        self._steering = steering
        self._approver = approver
        self._word = word
        self._follower = follower
        self.by_name: Mapping[str, Callable[[ControlContext], Reply]] = {
            "pause": self._pause,
            "resume": self._resume,
            "silence": self._silence,
            "hands-off": self._hands_off,
            "ack": self._ack,
            "approve": lambda order: self._answer(order, yes=True),
            "deny": lambda order: self._answer(order, yes=False),
            "yes": lambda order: self._confirm(order, yes=True),
            "no": lambda order: self._confirm(order, yes=False),
        }

    # --- what holds acting and telling back ---

    def _pause(self, order: ControlContext) -> Reply:
        _check_everywhere(order, "pause")
        new = self._steering.pause(
            order.server, order.asker.who, " ".join(order.words) or _WHY, order.place
        )
        return Reply(
            "all acting stands still; telling goes on" if new else "it stands still already",
            to_all=new,
        )

    def _resume(self, order: ControlContext) -> Reply:
        _check_everywhere(order, "resume")
        done = self._steering.resume(order.server, order.asker.who, order.place)
        if not done and self._only(order.server):
            done = self._steering.resume(controls.EVERYWHERE, order.asker.who, order.place)
        if not done and any(each["server"] is None for each in self._steering.pauses()):
            raise NotAllowed("all servers are paused, not only this one: bondbridge resume")
        return Reply(
            "acting goes on" if done else "nothing was paused", tone=Tone.GOOD, to_all=done
        )

    def _only(self, server: str) -> bool:
        try:
            return self._steering.only_server("resume", "") == server
        except BadInput:
            return False

    def _silence(self, order: ControlContext) -> Reply:
        if _off(order.words):
            return self._speak(order, _first(order.fleet, _off(order.words), _SILENCED))
        name, lasts, why = _spans(order.words, "silence NAME for 2h [why], or silence NAME off")
        thing = _first(order.fleet, name, _SILENCED)
        _check_role(order, thing)
        about = f"{thing.kind}/{thing.id}"
        wanted = SilenceRequest(order.server, lasts, why, about=about)
        made = self._steering.silence(wanted, order.asker.who, order.place)
        told = (
            f"nothing is told of {thing.kind} {thing.called} until"
            f" {made['until']:%Y-%m-%d %H:%M} UTC"
        )
        return Reply(told, to_all=True)

    def _speak(self, order: ControlContext, thing: InventoryObject) -> Reply:
        """The silences of this very thing end; one of what it belongs to goes on."""
        _check_role(order, thing)
        mine = (order.server, f"{thing.kind}/{thing.id}")
        over = [
            each["id"]
            for each in self._steering.silences()
            if (each["server"], each["about"]) == mine
        ]
        if not over:
            raise UnknownObject(f"{thing.kind} {thing.called} is not silenced by itself")
        for each in over:
            self._steering.end_silence(each, order.asker.who, order.place)
        return Reply(f"{thing.kind} {thing.called} is told of again", tone=Tone.GOOD, to_all=True)

    def _hands_off(self, order: ControlContext) -> Reply:
        if _off(order.words):
            return self._let_go(order, order.fleet.named("bond", _off(order.words)))
        name, lasts, why = _spans(order.words, "hands-off BOND for 1h [why], or hands-off BOND off")
        thing = order.fleet.named("bond", name)
        _check_role(order, thing)
        until = self._steering.hands_off(
            order.server, int(thing.id), lasts, order.asker.who, why, order.place
        )
        told = (
            f"nothing is done to {thing.called} until {until:%Y-%m-%d %H:%M} UTC; what happens"
            " there is told"
        )
        return Reply(told, to_all=True)

    def _let_go(self, order: ControlContext, thing: InventoryObject) -> Reply:
        _check_role(order, thing)
        if not self._steering.let_go(order.server, int(thing.id), order.asker.who, order.place):
            raise UnknownObject(f"nobody works on {thing.called}")
        return Reply(f"rules act on {thing.called} again", tone=Tone.GOOD, to_all=True)

    # --- what was told ---

    def _ack(self, order: ControlContext) -> Reply:
        if len(order.words) == 1:
            beginning = order.words[0].lower()
        else:
            beginning = ""
        if len(beginning) < _LEAST:
            raise UnknownObject(
                "it takes the id of an event, or its beginning: it stands in the notice"
            )
        with self._database.reading() as connection:
            there = event_store.several(connection, open_notifications.find(connection, beginning))
            mine = [event for event in there if event.server == order.server]
            seen = [
                event
                for event in mine
                if visibility.sees(connection, order.asker, event, order.now)
            ]
            may = len(seen) == 1 and visibility.operates(
                connection, order.asker, seen[0], order.now
            )
        if len(seen) != 1:
            several = f"several events that were told have an id that begins with {beginning!r}"
            raise UnknownObject(
                several if seen else f"nobody was told of an event {beginning!r} that lasts"
            )
        if not may:
            raise NotAllowed("it needs the role operator in every space that it is about")
        self._follower.acknowledge(seen[0].id, order.answerer.name)
        return Reply(
            f"acknowledged: {headline(seen[0])}", event=seen[0].id, tone=Tone.GOOD, to_all=True
        )

    # --- answers ---

    def _answer(self, order: ControlContext, *, yes: bool) -> Reply:
        if len(order.words) == 1:
            beginning = order.words[0].lower()
        else:
            beginning = ""
        if len(beginning) < _LEAST:
            raise UnknownObject(
                "it takes the id of a question, or its beginning: approvals lists them"
            )
        with self._database.reading() as connection:
            rows = [
                row
                for row in approvals.find(connection, beginning)
                if self._sees(connection, order, row["id"])
            ]
        if len(rows) != 1:
            raise UnknownObject(
                f"several questions have an id that begins with {beginning!r}"
                if rows
                else f"no question {beginning!r}"
            )
        return self._decide(order, rows[0]["id"], yes=yes)

    def _confirm(self, order: ControlContext, *, yes: bool) -> Reply:
        if len(order.words) == 1:
            word = order.words[0].casefold()
        else:
            word = ""
        with self._database.reading() as connection:
            mine = [
                row["id"]
                for row in approvals.waiting(connection)
                if row["asker"] == order.asker.who and row["answered_by"] == approvals.ASKER
                for job in job_store.of_decision(connection, row["decision"])[:1]
                if word and self._word(job.event) == word
            ]
        if not mine:
            raise UnknownObject(
                f"nothing of yours waits for {word!r}: it has been answered, is too old, or is not"
                " asked yet"
            )
        return self._decide(order, mine[0], yes=yes)

    def _decide(self, order: ControlContext, name: str, *, yes: bool) -> Reply:
        answered: Answered = self._approver.decide(
            name, yes=yes, by=order.answerer, delivery=order.event
        )
        if answered.refused is not None:
            raise NotAllowed(f"this does not count: {answered.refused.told}")
        told = question_jobs.settled(answered.state, answered.who)
        if answered.first:
            return Reply(told, tone=Tone.GOOD if yes else Tone.PLAIN, to_all=True)
        return Reply(f"too late: {told}")

    @staticmethod
    def _sees(connection: Connection, order: ControlContext, name: str) -> bool:
        row = approvals.get(connection, name)
        if row is None or row["server"] != order.server:
            return False
        owed = [
            job for job in job_store.of_decision(connection, row["decision"]) if job.parent is None
        ]
        held = [job for job in owed if job.state is JobState.HELD] or owed
        return visibility.sees_all(connection, order.asker, order.server, held, order.now)


def _check_everywhere(order: ControlContext, what: str) -> None:
    if not order.asker.everywhere(Role.OPERATOR):
        raise NotAllowed(f"{what} is about everything: it needs the role operator in all spaces")


def _check_role(order: ControlContext, thing: InventoryObject) -> None:
    held = order.asker.role(thing.space)
    if held is None or held < Role.OPERATOR:
        if held:
            has = f"you are {held.word} there"
        else:
            has = "you have no role there"
        raise NotAllowed(f"it needs the role operator for {thing.called}, and {has}")


def _first(fleet: Inventory, name: str, kinds: Sequence[str]) -> InventoryObject:
    """The first kind of which one is called so. Raises UnknownObject of the first."""
    problem: UnknownObject | None = None
    for kind in kinds:
        try:
            return fleet.named(kind, name)
        except UnknownObject as error:
            problem = problem or error
    raise problem or UnknownObject(f"nothing is called {name!r}")


def _off(words: Sequence[str]) -> str:
    """`NAME off` → the name; "" for anything else."""
    if len(words) > 1 and words[-1].casefold() == "off" and not _lasts(words):
        return " ".join(words[:-1])
    return ""


def _lasts(words: Sequence[str]) -> bool:
    """Whether it is `NAME for 2h WHY`, of which the reason may end with any word."""
    try:
        return bool(_spans(words, ""))
    except UnknownObject:
        return False


def _spans(words: Sequence[str], usage: str) -> tuple[str, str, str]:
    """`NAME for 2h WHY …` → the three of them."""
    places = [
        place
        for place, word in enumerate(words)
        if word.casefold() == "for" and 0 < place < len(words) - 1
    ]
    for place in places:
        try:
            seconds(words[place + 1].lower())
        except ValueError:
            continue
        return (
            " ".join(words[:place]),
            words[place + 1].lower(),
            " ".join(words[place + 2 :]) or _WHY,
        )
    raise UnknownObject(f"it takes: {usage}")


def problem_of(error: BadInput) -> str:
    """What is wrong, for somebody in chat."""
    first: Problem = error.problems[0]
    return first.what + (f" ({first.mend})" if first.mend else "")
