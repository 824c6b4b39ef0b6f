"""The one place where parts are joined: settings in, a whole bridge out. Its arguments are the seams."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx

from bridge.actions import permits
from bridge.actions.call import Call
from bridge.actions.fetch import Fetch, Place
from bridge.actions.kinds import Action
from bridge.actions.notify import Notify
from bridge.actions.outside import Target, trusted
from bridge.actions.wait import Wait
from bridge.actions.webhook import Hook as Outgoing
from bridge.actions.webhook import Webhook
from bridge.bonding.budget import Budget
from bridge.bonding.catalogue import Danger
from bridge.bonding.client import Client
from bridge.bonding.scopes import TIMINGS
from bridge.bonding.wire import wrong_argument
from bridge.config import Secret, Server, Settings
from bridge.core.clock import ORDINARY, Pace
from bridge.core.flapping import Limits
from bridge.core.language.rule import Rate
from bridge.core.language.rules import Vocabulary
from bridge.core.model import Body
from bridge.errors import BadInput, Problem, Unreachable
from bridge.pipeline.aftermath import Aftermath
from bridge.pipeline.asking import Approver
from bridge.pipeline.backtest import Backtester
from bridge.pipeline.decide import Decider
from bridge.pipeline.deliver import Deliverer
from bridge.pipeline.gate import Bounds, Gate
from bridge.pipeline.hush import Silence
from bridge.pipeline.interpret import Interpreter
from bridge.pipeline.keeping import Keeping
from bridge.pipeline.observe import Observer
from bridge.pipeline.receive import Hook, Receiver
from bridge.pipeline.steering import Steering
from bridge.pipeline.undoing import Undoer
from bridge.pipeline.watched import Watched
from bridge.rulebook import Keeper
from bridge.store.database import Database
from bridge.webhooks.platforms import PLATFORMS

Clock = Callable[[], datetime]


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
    own: Mapping[str, Action] = {"backup.fetch": Fetch(clients, _places(settings), now)}
    actions: Mapping[str, Action] = {
        "call": Call(clients, settings.allow, own, _reveal),
        "notify": Notify(channels),
        "webhook": Webhook(outgoing(settings), machine),
        "wait": Wait(),
        "silence": Silence(database, now),
    }
    keeping = Keeping(database, keeper, now)
    counts = {name: len(channel.urls) for name, channel in settings.channels.items()}
    spaces = {server.name: tuple(server.act_in) for server in settings.servers}
    interpreter = Interpreter(database, now, Limits(**settings.flapping.model_dump()))
    decider = Decider(database, keeping, interpreter, now, forced, channels=counts, spaces=spaces, servers=tuple(clients))
    gate = Gate(database, now, keeping.rulebook, forced, Bounds(_rates(settings), spaces))
    aftermath = Aftermath(database, now, keeping.rulebook, counts)
    approver = Approver(database, now)
    return Bridge(
        settings=settings,
        database=database,
        keeper=keeper,
        clients=clients,
        observer=Observer(database, _watched(settings, clients), _digest_key(settings.state_dir), now),
        decider=decider,
        deliverer=Deliverer(database, actions, now, gate, aftermath),
        approver=approver,
        steering=Steering(database, now, approver, servers=tuple(clients), types=words.event_types),
        undoer=Undoer(database, clients, now),
        backtester=Backtester(database, forced, spaces),
        receiver=Receiver(database, _hooks(settings), now, machine),
        now=now,
        machine=machine,
    )


def vocabulary(settings: Settings) -> Vocabulary:
    """What rules may name under these settings."""
    return Vocabulary(
        operations=permits.callable_operations(),
        channels={name: len(channel.urls) for name, channel in settings.channels.items()},
        webhooks=frozenset(settings.webhooks),
        hooks=frozenset(settings.hooks),
        takes=permits.taking(),
        refused=permits.refused(settings.allow),
        wrong=wrong_argument,
        secret=permits.secret,
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
        found[name] = Outgoing(target, hook.secret.reveal())
    return found


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
    problems = [
        Problem("settings", f"no platform is called {hook.platform!r}", f"there is: {', '.join(PLATFORMS)}", f"webhooks.{name}")
        for name, hook in settings.webhooks.items()
        if hook.platform not in PLATFORMS
    ]
    if problems:
        raise BadInput(problems)
    return {
        name: Hook(hook.platform, hook.secret.reveal(), hook.server, hook.tolerance) for name, hook in settings.webhooks.items()
    }


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
