"""The one place where parts are joined: settings in, a whole bridge out. Its arguments are the seams."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import httpx
from pydantic import ValidationError

from bridge.actions import outside, permits
from bridge.actions.call import Call
from bridge.actions.fetch import Fetch, Place
from bridge.actions.kinds import Action
from bridge.actions.notify import Notify
from bridge.actions.outside import Target, trusted
from bridge.actions.post import Post, Room
from bridge.actions.reply import Reply, Way
from bridge.actions.wait import Wait
from bridge.actions.webhook import Hook as Outgoing
from bridge.actions.webhook import Webhook
from bridge.bonding.budget import Budget
from bridge.bonding.catalogue import Danger
from bridge.bonding.client import Client
from bridge.bonding.scopes import TIMINGS
from bridge.bonding.wire import wrong_argument
from bridge.config import Person, Secret, Server, Settings
from bridge.config import Room as SetRoom
from bridge.config import Webhook as SetWebhook
from bridge.core.chatting.buttons import Seals
from bridge.core.chatting.roles import Grant, Role
from bridge.core.clock import ORDINARY, Pace
from bridge.core.flapping import Limits
from bridge.core.language.rule import Rate
from bridge.core.language.rules import Vocabulary
from bridge.core.model import Body
from bridge.errors import BadInput, Problem, Unreachable
from bridge.pipeline.aftermath import Aftermath
from bridge.pipeline.asking import Approver
from bridge.pipeline.backtest import Backtester
from bridge.pipeline.commanding import Commander
from bridge.pipeline.conversing import Conversations
from bridge.pipeline.decide import Decider
from bridge.pipeline.deliver import Deliverer
from bridge.pipeline.gate import Bounds, Gate
from bridge.pipeline.hush import Silence
from bridge.pipeline.interpret import Interpreter
from bridge.pipeline.keeping import Keeping
from bridge.pipeline.observe import Observer
from bridge.pipeline.ordering import Orders
from bridge.pipeline.pressing import Presser
from bridge.pipeline.questions import Places
from bridge.pipeline.receive import Hook, Receiver
from bridge.pipeline.steering import Steering
from bridge.pipeline.undoing import Undoer
from bridge.pipeline.watched import Watched
from bridge.rulebook import Keeper
from bridge.store.database import Database
from bridge.webhooks.delivery import ChatPlatform
from bridge.webhooks.platforms import PLATFORMS

Clock = Callable[[], datetime]

_ROOM_SECONDS = 5.0


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
    approver: Approver
    seals: Seals
    steering: Steering
    undoer: Undoer
    backtester: Backtester
    receiver: Receiver
    now: Clock
    machine: Clock

    def close(self) -> None:
        """Let go of every connection."""
        for client in self.clients.values():
            client.close()
        self.database.close()


def machine_time() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def build(
    settings: Settings, *, machine: Clock = machine_time, now: Clock | None = None, transport: httpx.BaseTransport | None = None
) -> Bridge:
    """Join the parts. `now` replaces the domain clock the settings describe, `transport` the network to the servers."""
    now = now or pace(settings).clock(machine)
    database = Database(settings.database_url)
    clients = {server.name: _client(server, settings.broker, now, transport) for server in settings.servers}
    words = vocabulary(settings)
    keeper = Keeper(settings.rules, words)
    forced = _forced_live(settings, transport)
    channels = {name: [url.reveal() for url in channel.urls] for name, channel in settings.channels.items()}
    key = _digest_key(settings.state_dir)
    rooms, seals, hooks, talks = _rooms(settings), Seals(key), _hooks(settings), Conversations(database, key, machine)
    own: Mapping[str, Action] = {"backup.fetch": Fetch(clients, _places(settings), now)}
    actions: Mapping[str, Action] = {
        "call": Call(clients, settings.allow, own, _reveal),
        "notify": Notify(channels, rooms, lambda way: f"{settings.web.url.rstrip('/')}/approve/{seals.link(way)}"),
        "post": Post(rooms, seals),
        "webhook": Webhook(outgoing(settings), machine),
        "wait": Wait(),
        "silence": Silence(database, now),
        "reply": Reply(talks.place, _ways(settings, hooks), seals),
    }
    keeping = Keeping(database, keeper, now)
    places = {name: Places(len(channel.urls), len(channel.rooms)) for name, channel in settings.channels.items()}
    spaces = {server.name: tuple(server.act_in) for server in settings.servers}
    interpreter = Interpreter(database, now, Limits(**settings.flapping.model_dump()))
    decider = Decider(
        database, keeping, interpreter, now, forced, places=places, spaces=spaces, servers=tuple(clients), word=talks.word
    )
    gate = Gate(database, now, keeping.rulebook, forced, Bounds(_rates(settings), spaces))
    aftermath = Aftermath(database, now, keeping.rulebook, places)
    approver = Approver(database, now, places)
    presser = Presser(approver, seals, talks)
    steering = Steering(database, now, approver, servers=tuple(clients), types=words.event_types)
    commander = Commander(database, now, keeping.rulebook, talks, Orders(database, steering, approver, talks.word))
    return Bridge(
        settings=settings,
        database=database,
        keeper=keeper,
        clients=clients,
        observer=Observer(database, _watched(settings, clients), key, now),
        decider=decider,
        deliverer=Deliverer(database, actions, now, gate, aftermath),
        approver=approver,
        seals=seals,
        steering=steering,
        undoer=Undoer(database, clients, now),
        backtester=Backtester(database, forced, spaces),
        receiver=Receiver(database, hooks, now, machine, said=commander.said, pressed=presser.pressed, ours=presser.ours),
        now=now,
        machine=machine,
    )


def vocabulary(settings: Settings) -> Vocabulary:
    """What rules may name under these settings."""
    return Vocabulary(
        operations=permits.callable_operations(),
        channels={name: len(channel.urls) + len(channel.rooms) for name, channel in settings.channels.items()},
        webhooks=frozenset(settings.webhooks),
        hooks=frozenset(settings.hooks),
        takes=permits.taking(),
        refused=permits.refused(settings.allow),
        wrong=wrong_argument,
        secret=permits.secret,
        roles=permits.roles(),
    )


def outgoing(settings: Settings) -> Mapping[str, Outgoing]:
    """Where rules may send, by name. Raises BadInput."""
    found = {}
    for name, hook in settings.hooks.items():
        try:
            target = Target(httpx.URL(str(hook.url)), hook.allow_private, hook.timeout, trusted(hook.verify))
        except OSError as error:
            what = f"verify: {error.strerror}: {hook.verify}"
            raise BadInput([Problem("settings", what, key=f"hooks.{name}")]) from error
        found[name] = Outgoing(target, hook.secret.reveal_all())
    return found


def _rooms(settings: Settings) -> Mapping[str, Sequence[Room]]:
    """The rooms of every channel. Raises BadInput for every one whose buttons could not be pressed."""
    found: dict[str, list[Room]] = {}
    problems = []
    for name, channel in settings.channels.items():
        for number, room in enumerate(channel.rooms):
            try:
                found.setdefault(name, []).append(_room(settings, room))
            except LookupError as error:
                mend = "write one of `webhooks` whose platform has buttons; elsewhere an Apprise URL among `urls` gets a link"
                problems.append(Problem("settings", str(error.args[0]), mend, f"channels.{name}.rooms.{number}.webhook"))
    if problems:
        raise BadInput(problems)
    return found


def _room(settings: Settings, room: SetRoom) -> Room:
    """Raises LookupError."""
    hook = settings.webhooks.get(room.webhook)
    platform = PLATFORMS.get(hook.platform) if hook else None
    if hook is None:
        raise LookupError(f"no webhook is called {room.webhook!r}")
    if not isinstance(platform, ChatPlatform) or not platform.buttons:
        raise LookupError(f"{hook.platform} has no buttons")
    # a person who keeps the settings wrote it: it may lead inside
    target = outside.at(room.url.reveal(), inside=True, timeout=_ROOM_SECONDS)
    return Room(room.webhook, target, partial(platform.posted, url=_address(settings, room.webhook)))


def _address(settings: Settings, webhook: str) -> str:
    """Where a webhook of ours is, for those who send to it."""
    return f"{settings.web.url.rstrip('/')}/webhooks/{webhook}"


def pace(settings: Settings) -> Pace:
    """How domain time runs: as the machine's does, unless the settings say otherwise."""
    clock = settings.clock
    return Pace(clock.machine, clock.domain, clock.speed) if clock else ORDINARY


def _reveal(place: Body) -> str:
    """The secret that stands in a place. Raises ValueError."""
    return Secret.model_validate(place).reveal()


def _client(server: Server, broker: str | None, now: Clock, transport: httpx.BaseTransport | None) -> Client:
    verify = server.verify if isinstance(server.verify, bool) else str(server.verify)
    users = {Danger(name): (user.user, user.password.reveal()) for name, user in server.users if user}
    rate, places = server.requests_per_second, server.concurrency
    try:
        return Client(
            str(server.url),
            (server.user, server.password.reveal()),
            now=now,
            verify=verify,
            timeout=server.timeout,
            transport=transport,
            users=users,
            tokens=server.login == "token",
            concurrency=places,
            # where processes share nothing there are as many at work as may be
            budget=Budget(server.name, rate, broker=broker, share=places) if rate else lambda: None,
            largest_download=server.backups.largest,
        )
    except OSError as error:
        raise BadInput([Problem("settings", f"server {server.name!r}: verify: {error.strerror}: {verify}")]) from error


def _rates(settings: Settings) -> Mapping[str, Rate]:
    """The settings' own limits, by what they are about."""
    limits = settings.limits
    named = {"global": limits.everything} | {name: getattr(limits, name) for name in ("server", "space", "aggregator", "rule")}
    return {name: Rate(bound.most, bound.every) for name, bound in named.items() if bound}


def _places(settings: Settings) -> Mapping[str, Place]:
    found = {server.name: server.backups for server in settings.servers}
    return {name: Place(each.directory, each.keep) for name, each in found.items() if each.directory}


def _watched(settings: Settings, clients: Mapping[str, Client]) -> Mapping[str, Watched]:
    return {
        server.name: Watched(
            name=server.name,
            client=clients[server.name],
            intervals={name: getattr(server.poll, name) for name in (*TIMINGS, "tunings_running")},
            backup_every=server.backups.every,
            backup_grace=server.backups.grace,
            every=server.poll.every,
            off=tuple(server.poll.off),
            ignore={kind: frozenset(fields) for kind, fields in server.ignore.items()},
            rate=server.requests_per_second,
            concurrency=server.concurrency,
        )
        for server in settings.servers
    }


def _hooks(settings: Settings) -> Mapping[str, Hook]:
    """Incoming webhooks by name. Raises BadInput for every one that cannot work."""
    found: dict[str, Hook] = {}
    problems: list[Problem] = []
    for name, hook in settings.webhooks.items():
        try:
            found[name] = _hook(settings, name, hook)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(problems)
    return found


def _ways(settings: Settings, hooks: Mapping[str, Hook]) -> Mapping[str, Way]:
    """How those are answered later who talk by each webhook."""
    found: dict[str, Way] = {}
    for name, hook in hooks.items():
        if isinstance(hook.platform, ChatPlatform):
            show = partial(hook.platform.shown, url=_address(settings, name))
            # places that a person wrote into the settings may be inside
            found[name] = Way(show, hook.platform.buttons, bool(settings.webhooks[name].answers_at))
    return found


def _hook(settings: Settings, name: str, hook: SetWebhook) -> Hook:
    key, platform = f"webhooks.{name}", PLATFORMS.get(hook.platform)
    if platform is None:
        mend = f"there is: {', '.join(PLATFORMS)}"
        raise BadInput([Problem("settings", f"no platform is called {hook.platform!r}", mend, key)])
    if hook.server not in {server.name for server in settings.servers}:
        raise BadInput([Problem("settings", f"no server is called {hook.server!r}", "name one of `servers`", f"{key}.server")])
    talks = isinstance(platform, ChatPlatform)
    if (hook.people or hook.strangers or hook.answers_at) and not talks:
        what = f"nobody talks on {hook.platform}: `people`, `strangers` and `answers_at` mean nothing there"
        raise BadInput([Problem("settings", what, "leave them out", key)])
    try:
        options = platform.options.model_validate(hook.options)
    except ValidationError as error:
        told = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise BadInput([Problem("settings", what, "", f"{key}.options.{where}") for where, what in told]) from error
    return Hook(
        name=name,
        platform=platform,
        secrets=hook.secret.reveal_all,
        server=hook.server,
        tolerance=hook.tolerance or platform.tolerance,
        options=options,
        spaces=tuple(hook.spaces) or None,
        grants=tuple(
            Grant(Role[each.role.upper()], each.user, each.room, tuple(each.spaces), each.name) for each in hook.people
        ),
        strangers=Role[hook.strangers.upper()] if hook.strangers else None,
        answers_at=tuple(map(str, hook.answers_at)) or (platform.answers_at if isinstance(platform, ChatPlatform) else ()),
    )


def _grant(person: Person) -> Grant:
    return Grant(Role[person.role.upper()], person.user, person.room, tuple(person.spaces), person.name)


def _forced_live(settings: Settings, transport: httpx.BaseTransport | None) -> Callable[[str], bool]:
    """Whether a server's rules act although they say dry_run: only where the settings ask and the server is a simulator."""
    urls = {server.name: str(server.url) for server in settings.servers if server.force_live}

    @cache
    def is_simulator(url: str) -> bool:
        try:
            with httpx.Client(transport=transport, timeout=5.0, trust_env=False) as http:
                answer = http.get(f"{url.rstrip('/')}/_sim/clock")
        except httpx.HTTPError as error:
            # not remembered: asked again next time, and until then nothing is decided
            raise Unreachable(f"cannot tell whether {url} is a simulator: {error}") from error
        return answer.is_success and "speed" in answer.text

    return lambda server: server in urls and is_simulator(urls[server])


def _digest_key(state_dir: Path) -> bytes:
    """The key that digests of secrets are made with: made at first start, readable by us alone."""
    path = state_dir / "digest.key"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = state_dir / f"digest.key.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(32))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)  # of two first starts one wins, and both read the winner's
            fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        mend = "make it writable, or set `state_dir`"
        raise BadInput([Problem(str(path), f"cannot keep state here: {error.strerror}", mend)]) from error
