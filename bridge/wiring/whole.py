"""The one place where parts are joined: settings in, a whole bridge out. Its arguments are the seams."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from bridge.actions import permits
from bridge.actions.call import Call
from bridge.actions.fetch import Fetch
from bridge.actions.kinds import Action
from bridge.actions.post import Post
from bridge.actions.reply import Reply
from bridge.actions.wait import Wait
from bridge.actions.webhook import Webhook
from bridge.bonding.client import Client
from bridge.bonding.client.proxy import keep_loopback_direct
from bridge.bonding.wire import wrong_argument
from bridge.config import Settings
from bridge.core.chatting.buttons import Seals
from bridge.core.flapping import Limits
from bridge.core.language.rules import Vocabulary
from bridge.pipeline.aftermath import Aftermath
from bridge.pipeline.asking import Approver, Whom
from bridge.pipeline.backtest import Backtester
from bridge.pipeline.commanding import Commander
from bridge.pipeline.conversing import Conversations
from bridge.pipeline.decide import Decider
from bridge.pipeline.deliver import Deliverer
from bridge.pipeline.faults import Faults
from bridge.pipeline.following import Follower
from bridge.pipeline.gate import Bounds, Gate
from bridge.pipeline.hand_calls import HandCalls
from bridge.pipeline.hush import Silence
from bridge.pipeline.interpret import Interpreter
from bridge.pipeline.keeping import Keeping
from bridge.pipeline.observe import Observer
from bridge.pipeline.ordering import Orders
from bridge.pipeline.pressing import Presser
from bridge.pipeline.questions import Places
from bridge.pipeline.receive import Receiver
from bridge.pipeline.steering import Steering
from bridge.pipeline.taking import Taker
from bridge.pipeline.telling import Teller
from bridge.pipeline.undoing import Undoer
from bridge.rulebook import Keeper
from bridge.store.database import Database
from bridge.wiring.channels import destinations, notifier, policies, rooms_of
from bridge.wiring.clocks import Clock, machine_time
from bridge.wiring.hooks import incoming, outgoing, ways
from bridge.wiring.keys import digest_key
from bridge.wiring.servers import backup_places, connected, forced_live, pace, rates, reveal, watched


@dataclass(frozen=True, slots=True)
class Bridge:
    """Everything joined. `now` is domain time, `machine` the machine's."""

    settings: Settings
    database: Database
    keeper: Keeper
    clients: Mapping[str, Client]
    observer: Observer
    decider: Decider
    deliverer: Deliverer
    follower: Follower
    approver: Approver
    seals: Seals
    steering: Steering
    hand_calls: HandCalls
    undoer: Undoer
    backtester: Backtester
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

    `now` replaces the domain clock the settings describe, `transport` the network to the servers, `key` the one that is kept
    in the state folder: with it nothing is made there. `patience`: seconds to wait for the database, if people wait for us.
    `alone`: no other process calls the servers meanwhile, so that the whole request budget is for this one.
    """
    keep_loopback_direct()
    now = now or pace(settings).clock(machine)
    database = Database(settings.database_url, patience)
    clients = {server.name: connected(server, settings.broker, now, transport, alone=alone) for server in settings.servers}
    words = vocabulary(settings)
    keeper = Keeper(settings.rules, words)
    forced = forced_live(settings, transport)
    key = key or digest_key(settings.state_dir)
    seals, hooks, talks = Seals(key), incoming(settings), Conversations(database, key, machine)
    rooms = rooms_of(settings)
    notify = notifier(settings, rooms, seals)
    actions: Mapping[str, Action] = {
        "call": Call(clients, settings.allow, {"backup.fetch": Fetch(clients, backup_places(settings), now)}, reveal),
        "notify": notify,
        "post": Post(rooms, seals),
        "webhook": Webhook(outgoing(settings), machine),
        "wait": Wait(),
        "silence": Silence(database, now),
        "reply": Reply(talks.place, ways(settings, hooks), seals),
    }
    keeping = Keeping(database, keeper, now)
    whom = _whom(settings)
    spaces = {server.name: tuple(server.act_in) for server in settings.servers}
    interpreter = Interpreter(database, now, Limits(**settings.flapping.model_dump()))
    decider = Decider(
        database, keeping, interpreter, now, forced, whom=whom, spaces=spaces, servers=tuple(clients), word=talks.word
    )
    bounds = Bounds(rates(settings), spaces)
    gate = Gate(database, now, keeping.rulebook, forced, bounds)
    aftermath = Aftermath(database, now, keeping.rulebook, whom)
    hands = HandCalls(database, clients, now, bounds, aftermath)
    approver = Approver(database, now, whom.places)
    follower = Follower(database, now)
    presser = Presser(approver, seals, talks, Taker(database, follower, talks, now))
    steering = Steering(database, now, approver, servers=tuple(clients), types=words.event_types)
    orders = Orders(database, steering, approver, follower, talks.word)
    commander = Commander(database, now, keeping.rulebook, talks, orders)
    teller = Teller(database, notify, now, gate, aftermath, policies(settings))
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
        undoer=Undoer(database, clients, now, hands),
        backtester=Backtester(database, forced, spaces),
        receiver=Receiver(database, hooks, now, machine, said=commander.said, pressed=presser.pressed, ours=presser.ours),
        conversations=talks,
        faults=Faults(database, now),
        now=now,
        machine=machine,
    )


def _whom(settings: Settings) -> Whom:
    """Who can be asked, and where."""
    places = {name: Places(len(destinations(each.urls)), len(each.rooms)) for name, each in settings.channels.items()}
    return Whom(places, settings.asks)


def vocabulary(settings: Settings) -> Vocabulary:
    """What rules may name under these settings."""
    return Vocabulary(
        operations=permits.callable_operations(),
        channels={name: len(destinations(channel.urls)) + len(channel.rooms) for name, channel in settings.channels.items()},
        webhooks=frozenset(settings.webhooks),
        hooks=frozenset(settings.hooks),
        takes=permits.taking(),
        refused=permits.refused(settings.allow),
        wrong=wrong_argument,
        secret=permits.secret,
        roles=permits.roles(),
        servers=tuple(server.name for server in settings.servers),
    )
