"""What people press in chat: a button answers a question, or takes a notice; in the place of it
shows what came of that.
"""

from datetime import datetime

from sqlalchemy import Connection

from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.roles import held
from bridge.core.chat.signed_tokens import AcknowledgeToken, ApprovalButton, TokenSigner
from bridge.errors import Refused
from bridge.pipeline.approvals.approver import Approver
from bridge.pipeline.approvals.eligibility import Answered, Answerer, known_as
from bridge.pipeline.chat.acknowledge_button import AcknowledgeHandler
from bridge.pipeline.messages import question_jobs
from bridge.pipeline.messages.reply_addresses import Conversations, allowed
from bridge.pipeline.receive.receiver import IncomingWebhook, Receipt, Taken
from bridge.store.decisions import approvals
from bridge.store.decisions import jobs as job_store
from bridge.webhooks.platform import ButtonDelivery

_FORGED = 403
_GONE = 410


class ButtonHandler:
    """Takes what is pressed. Where a platform takes the answer at an address, it goes there by the
    outbox.
    """

    def __init__(
        self,
        approver: Approver,
        seals: TokenSigner,
        conversations: Conversations,
        taker: AcknowledgeHandler,
    ) -> None:
        self._approver = approver
        self._seals = seals
        self._conversations = conversations
        self._taker = taker

    def ours(
        self, hook: IncomingWebhook, pressed: ButtonDelivery
    ) -> ApprovalButton | AcknowledgeToken:
        """What was pressed; nothing is read or stored. Raises Refused for a button that is none of
        ours.
        """
        choice = self._seals.pressed(pressed.value) or self._seals.pressed_to_take(pressed.value)
        if choice is None or choice.hook != hook.name:
            raise Refused("this button is none of ours, or of another webhook", _FORGED)
        return choice

    def pressed(self, hook: IncomingWebhook, pressed: ButtonDelivery) -> Receipt:
        """Answer the question, or take the notice, that it is below. Raises Refused for a button
        that is none of ours.
        """
        choice = self.ours(hook, pressed)
        if isinstance(choice, AcknowledgeToken):
            return self._taker.pressed(hook, pressed, choice, _who(hook, pressed))
        by = _who(hook, pressed)
        try:
            answered = self._approver.decide(
                choice.approval,
                yes=choice.yes,
                by=by,
                plan=choice.plan,
                place=choice.place if _seen(hook, pressed) else "",
                delivery=pressed.id,
                then=lambda connection, given: self._tell(connection, hook, pressed, choice, given),
            )
        except KeyError:
            raise Refused("the question of this button is not there any more", _GONE) from None
        taken = (Taken(answered.event, new=True),) if answered.event else ()
        return Receipt(
            taken, answer=_answer(choice, answered, own=_own(choice, answered, by)), pressed=True
        )

    def _tell(
        self,
        connection: Connection,
        hook: IncomingWebhook,
        pressed: ButtonDelivery,
        choice: ApprovalButton,
        answered: Answered,
    ) -> None:
        """The person who pressed is told at the address that came with it; the same press again is
        told nothing new.
        """
        told = answered.event
        row = approvals.get(connection, choice.approval)
        by = _who(hook, pressed)
        if row is None or not pressed.answer_at or not _seen(hook, pressed):
            return
        own = _own(choice, answered, by)
        if (
            told is None
            and own
            and not job_store.there(connection, question_jobs.back_id(row, pressed.id))
        ):
            told = self._approver.again(connection, row, yes=choice.yes, by=by, delivery=pressed.id)
        if told is None:
            return
        self._conversations.begin(connection, told.id, hook.name, pressed.answer_at)
        jobs = job_store.of_decision(connection, row["decision"])
        job_store.add(
            connection,
            [question_jobs.back(row, jobs, told, pressed.id, _answer(choice, answered, own=own))],
        )


def _seen(hook: IncomingWebhook, pressed: ButtonDelivery) -> bool:
    """Whether the answer will show where it was pressed: in the response, or at an address that is
    the platform's.
    """
    return pressed.answer_at is None or allowed(pressed.answer_at, hook.answers_at)


def _who(hook: IncomingWebhook, pressed: ButtonDelivery) -> Answerer:
    user = pressed.person
    room = pressed.room
    grants = held(hook.grants, hook.strangers, user.id, room.id)
    # who somebody is does not depend on the room that they are in; what they may does
    identity = known_as(hook.platform.name, user.id, hook.grants)
    # a name that the platform lets people choose is no proof of who they are
    own = user.name not in ("", user.id) and identity == known_as(hook.platform.name, user.id, ())
    if own:
        name = f"{user.name} ({identity})"
    else:
        name = identity
    return Answerer(name, identity, grants, hook.spaces)


def _own(choice: ApprovalButton, answered: Answered, by: Answerer) -> bool:
    """Whether they had given just this answer before."""
    if choice.yes:
        said = approvals.GRANTED
    else:
        said = approvals.DENIED
    return (
        not answered.first
        and answered.refused is None
        and (answered.state, answered.who) == (said, by.name)
    )


def _answer(choice: ApprovalButton, answered: Answered, *, own: bool) -> Reply:
    """The first answer takes the place of the question; what did not count is told to anyone who
    pressed.
    """
    if answered.event:
        event = answered.event.id
    else:
        event = None
    if answered.refused is not None:
        return Reply(f"This does not count: {answered.refused.told}.", event=event, tone=Tone.BAD)
    told = question_jobs.settled(answered.state, answered.who)
    if answered.first:
        lines = answered.about
        tone = Tone.GOOD if choice.yes else Tone.BAD
        return Reply(
            f"{told}{_when(answered.at)}", lines, event=event, tone=tone, to_all=True, replaces=True
        )
    if own:
        before = "You said so already"
    else:
        before = "Too late"
    return Reply(f"{before}: {told}{_when(answered.at)}.", answered.about, event=event)


def _when(at: datetime | None) -> str:
    if at:
        return f", {at:%Y-%m-%d %H:%M} UTC"
    return ""
