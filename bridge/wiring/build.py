"""The one place where parts are joined: settings in, a whole bridge out. Its arguments are the
seams.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bridge.actions import call_permissions
from bridge.actions.action import Action
from bridge.actions.backup_fetch import Fetch
from bridge.actions.call import Call
from bridge.actions.chat_post import Post
from bridge.actions.chat_reply import ChatReply
from bridge.actions.wait import Wait
from bridge.actions.webhook import Webhook
from bridge.bonding.client import Client
from bridge.bonding.client.proxy import keep_loopback_direct
from bridge.bonding.wire import wrong_argument
from bridge.config import Settings
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.flapping import Limits
from bridge.core.rules.parser import Vocabulary
from bridge.pipeline.approvals.approver import ApprovalTargets, Approver
from bridge.pipeline.chat.acknowledge_button import AcknowledgeHandler
from bridge.pipeline.chat.button_handler import ButtonHandler
from bridge.pipeline.chat.command_handler import CommandHandler
from bridge.pipeline.chat.control_commands import ControlCommands
from bridge.pipeline.controls.manual_calls import ManualCalls
from bridge.pipeline.controls.operator_controls import OperatorControls
from bridge.pipeline.controls.silence_action import Silence
from bridge.pipeline.controls.tuning_undo import TuningUndo
from bridge.pipeline.decide.active_rulebook import ActiveRulebook
from bridge.pipeline.decide.decider import Decider
from bridge.pipeline.deliver.admission import Admission, Bounds
from bridge.pipeline.deliver.deliverer import Deliverer
from bridge.pipeline.deliver.notification_sender import NotificationSender
from bridge.pipeline.deliver.settlement import Settlement
from bridge.pipeline.internal_errors import Faults
from bridge.pipeline.interpret.interpreter import Interpreter
from bridge.pipeline.messages.question_jobs import ChannelSize
from bridge.pipeline.messages.reply_addresses import Conversations
from bridge.pipeline.notifications.follow_up import FollowUps
from bridge.pipeline.observe.poller import Observer
from bridge.pipeline.receive.receiver import Receiver
from bridge.rulebook import RulebookLoader
from bridge.store.database import Database
from bridge.wiring.bridge_key import digest_key
from bridge.wiring.channels import destinations, notifier, policies, rooms_of
from bridge.wiring.clock import Clock, machine_time
from bridge.wiring.servers import (
    backup_places,
    connected,
    forced_live,
    pace,
    rates,
    reveal,
    watched,
)
from bridge.wiring.webhooks import incoming, outgoing, ways


@dataclass(frozen=True, slots=True)
class Bridge:
    """Everything joined. `now` is domain time, `machine` the machine's. `forced_live`: whether a
    server's rules act although they say dry_run; `act_in`: the spaces they may act in, by server.
    """

    settings: Settings
    database: Database
    keeper: RulebookLoader
    clients: Mapping[str, Client]
    observer: Observer
    decider: Decider
    deliverer: Deliverer
    follower: FollowUps
    approver: Approver
    seals: TokenSigner
    steering: OperatorControls
    hand_calls: ManualCalls
    undoer: TuningUndo
    forced_live: Callable[[str], bool]
    act_in: Mapping[str, Sequence[str]]
    receiver: Receiver
    conversations: Conversations
    faults: Faults
    now: Clock
    machine: Clock

    def close(self) -> None:
        """Let go of every connection."""
        for client in self.clients.values():
            client.close()
        self.database.close()


def build(
    settings: Settings,
    *,
    machine: Clock = machine_time,
    now: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
    key: bytes | None = None,
    patience: float | None = None,
    alone: bool = False,
) -> Bridge:
    """Join the parts.

    `now` replaces the domain clock the settings describe, `transport` the network to the servers,
    `key` the one that is kept in the state folder: with it nothing is made there. `patience`:
    seconds to wait for the database, if people wait for us. `alone`: no other process calls the
    servers meanwhile, so that the whole request budget is for this one.
    """
    keep_loopback_direct()
    now = now or pace(settings).clock(machine)
    database = Database(settings.database_url, patience)
    clients = {
        server.name: connected(server, settings.broker, now, transport, alone=alone)
        for server in settings.servers
    }
    words = vocabulary(settings)
    keeper = RulebookLoader(settings.rules, words)
    forced = forced_live(settings, transport)
    key = key or digest_key(settings.state_dir)
    seals = TokenSigner(key)
    hooks = incoming(settings)
    talks = Conversations(database, key, machine)
    rooms = rooms_of(settings)
    notify = notifier(settings, rooms, seals)
    actions: Mapping[str, Action[Any]] = {
        "call": Call(
            clients,
            settings.allow,
            {"backup.fetch": Fetch(clients, backup_places(settings), now)},
            reveal,
        ),
        "notify": notify,
        "post": Post(rooms, seals),
        "webhook": Webhook(outgoing(settings), machine),
        "wait": Wait(),
        "silence": Silence(database, now),
        "reply": ChatReply(talks.place, ways(settings, hooks), seals),
    }
    keeping = ActiveRulebook(database, keeper, now)
    targets = _targets(settings)
    spaces = {server.name: tuple(server.act_in) for server in settings.servers}
    interpreter = Interpreter(database, now, Limits(**settings.flapping.model_dump()))
    decider = Decider(
        database,
        keeping,
        interpreter,
        now,
        forced,
        targets=targets,
        spaces=spaces,
        servers=tuple(clients),
        word=talks.word,
    )
    bounds = Bounds(rates(settings), spaces)
    gate = Admission(database, now, keeping.rulebook, forced, bounds)
    aftermath = Settlement(database, now, keeping.rulebook, targets)
    hands = ManualCalls(database, clients, now, bounds, aftermath)
    approver = Approver(database, now, targets.channels)
    follower = FollowUps(database, now)
    presser = ButtonHandler(
        approver, seals, talks, AcknowledgeHandler(database, follower, talks, now)
    )
    steering = OperatorControls(
        database, now, approver, servers=tuple(clients), types=words.event_types
    )
    orders = ControlCommands(database, steering, approver, follower, talks.word)
    commander = CommandHandler(database, now, keeping.rulebook, talks, orders)
    teller = NotificationSender(database, notify, now, gate, aftermath, policies(settings))
    return Bridge(
        settings=settings,
        database=database,
        keeper=keeper,
        clients=clients,
        observer=Observer(database, watched(settings, clients), key, now),
        decider=decider,
        deliverer=Deliverer(database, actions, now, gate, aftermath, teller),
        follower=follower,
        approver=approver,
        seals=seals,
        steering=steering,
        hand_calls=hands,
        undoer=TuningUndo(database, clients, now, hands),
        forced_live=forced,
        act_in=spaces,
        receiver=Receiver(
            database,
            hooks,
            now,
            machine,
            said=commander.said,
            pressed=presser.pressed,
            ours=presser.ours,
        ),
        conversations=talks,
        faults=Faults(database, now),
        now=now,
        machine=machine,
    )


def _targets(settings: Settings) -> ApprovalTargets:
    """Who can be asked, and where."""
    places = {
        name: ChannelSize(len(destinations(each.urls)), len(each.rooms))
        for name, each in settings.channels.items()
    }
    return ApprovalTargets(places, settings.asks)


def vocabulary(settings: Settings) -> Vocabulary:
    """What rules may name under these settings."""
    return Vocabulary(
        operations=call_permissions.callable_operations(),
        channels={
            name: len(destinations(channel.urls)) + len(channel.rooms)
            for name, channel in settings.channels.items()
        },
        webhooks=frozenset(settings.webhooks),
        hooks=frozenset(settings.hooks),
        takes=call_permissions.taking(),
        refused=call_permissions.refused(settings.allow),
        wrong=wrong_argument,
        secret=call_permissions.secret,
        roles=call_permissions.roles(),
        servers=tuple(server.name for server in settings.servers),
    )
