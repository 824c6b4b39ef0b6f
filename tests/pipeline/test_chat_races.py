"""The same delivery many times at once, on both databases: one event, one deed, and where its
answers go.
"""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bridge.actions import call_permissions
from bridge.actions.chat_reply import Gone
from bridge.core.chat.roles import Grant, Role
from bridge.core.rules.parser import Vocabulary
from bridge.pipeline.approvals.approver import Approver
from bridge.pipeline.chat.command_handler import CommandHandler
from bridge.pipeline.chat.control_commands import ControlCommands
from bridge.pipeline.controls.operator_controls import OperatorControls
from bridge.pipeline.messages.reply_addresses import Conversations
from bridge.pipeline.notifications.follow_up import FollowUps
from bridge.pipeline.receive.receiver import IncomingWebhook, Receipt
from bridge.rulebook import Rulebook, compile_sources
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.observations import snapshots
from bridge.store.tables import conversations, events
from bridge.webhooks.platform import CommandDelivery, Named, Options
from bridge.webhooks.slack import Slack
from tests.pipeline.chat_harness import RULES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOOK = IncomingWebhook(
    "slack",
    Slack(),
    lambda: ("secret",),
    "main",
    300.0,
    Options(),
    grants=(Grant(Role.OPERATOR, user="U1", name="ana"),),
    answers_at=("https://hooks.slack.com/",),
)
BOOK = compile_sources(
    {"chat.yaml": RULES},
    Vocabulary(call_permissions.callable_operations(), {"noc": 1}, roles=call_permissions.roles()),
)


def commander(database: Database, book: Rulebook = BOOK) -> CommandHandler:
    """What takes commands in one process."""
    approver = Approver(database, lambda: NOW, {})
    steering = OperatorControls(
        database, lambda: NOW, approver, servers=("main",), types=("leg.down",)
    )
    talks = Conversations(database, b"key", lambda: NOW)
    orders = ControlCommands(
        database, steering, approver, FollowUps(database, lambda: NOW), talks.word
    )
    return CommandHandler(database, lambda: NOW, lambda: book, talks, orders)


def said(text: str, name: str = "d1") -> CommandDelivery:
    """A command, as a platform reads it."""
    return CommandDelivery(
        name, text, Named("U1", "ana"), Named("C1", "noc"), "https://hooks.slack.com/commands/1/2/3"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [("pause", "chat.command"), ("restart 3", "chat.refused"), ("help", "chat.command")],
)
def test_one_of_many_at_once_is_taken(database: Database, text: str, kind: str) -> None:
    """Eight at once that are the same delivery: one is new and does it, seven are told that it was
    here before.
    """
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
    barrier = threading.Barrier(8)
    receipts = list[Receipt]()

    def say() -> None:
        mine = commander(database)
        barrier.wait()
        receipts.append(mine.said(HOOK, said(text)))

    threads = [threading.Thread(target=say) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Counter(receipt.taken[0].new for receipt in receipts) == {True: 1, False: 7}
    assert len({receipt.taken[0].event.id for receipt in receipts}) == 1
    with database.reading() as connection:
        found = Counter(row.type for row in connection.execute(events.select()))
        assert found[kind] == 1
        assert len(controls.paused(connection)) == (text == "pause")


def test_where_answers_go_is_stored_with_the_command(database: Database) -> None:
    """In one transaction, sealed, and good for half an hour; what needs no later answer has no
    address.
    """
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
    text = "- id: greet\n  when: {chat: {command: greet}}\n  do: [{reply: {text: hello}}]\n"
    scene = commander(database, compile_sources({"own.yaml": text}, Vocabulary({}, {})))
    scene.said(HOOK, said("help", "d1"))
    event = scene.said(HOOK, said("greet", "d2")).taken[0].event.id
    with database.reading() as connection:
        (row,) = connection.execute(conversations.select()).mappings()
    assert (row["event"], row["webhook"], row["until"]) == (
        event,
        "slack",
        NOW + timedelta(minutes=30),
    )
    assert "hooks.slack.com" not in row["address"]
    place = Conversations(database, b"key", lambda: NOW).place(event)
    assert place.address == "https://hooks.slack.com/commands/1/2/3"
    assert "hooks.slack.com" not in repr(place)
    with pytest.raises(Gone):
        Conversations(database, b"key", lambda: NOW + timedelta(minutes=30)).place(event)
