"""Management servers as the settings have them: clients, what is watched, limits, whether rules are
forced live.
"""

from collections.abc import Callable, Mapping
from functools import cache

import httpx

from bridge.actions.backup_fetch import BackupDirectory
from bridge.bonding.catalogue import Danger
from bridge.bonding.client import Client
from bridge.bonding.rate_limit import Budget
from bridge.bonding.scopes import TIMINGS
from bridge.config import Secret, Server, Settings
from bridge.core.model import Body
from bridge.core.rules.rule import Rate
from bridge.core.scaled_clock import ORDINARY, Pace
from bridge.errors import BadInput, Problem, Unreachable
from bridge.pipeline.observe.watched_server import Watched
from bridge.wiring.clock import Clock


def pace(settings: Settings) -> Pace:
    """How domain time runs: as the machine's does, unless the settings say otherwise."""
    clock = settings.clock
    if clock:
        return Pace(clock.machine, clock.domain, clock.speed)
    return ORDINARY


def connected(
    server: Server,
    broker: str | None,
    now: Clock,
    transport: httpx.BaseTransport | None,
    *,
    alone: bool = False,
) -> Client:
    """What speaks to a server. Raises BadInput for a certificate that cannot be read."""
    verify = server.verify if isinstance(server.verify, bool) else str(server.verify)
    users = {
        Danger(name): (user.user, user.password.reveal()) for name, user in server.users if user
    }
    rate = server.requests_per_second
    places = server.concurrency
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
            # where processes share nothing there are as many at work as may be, unless this one is
            # `alone`
            budget=Budget(server.name, rate, broker=broker, share=1 if alone else places)
            if rate
            else lambda: None,
            largest_download=server.backups.largest,
        )
    except OSError as error:
        raise BadInput(
            [Problem("settings", f"server {server.name!r}: verify: {error.strerror}: {verify}")]
        ) from error


def rates(settings: Settings) -> Mapping[str, Rate]:
    """The settings' own limits, by what they are about."""
    limits = settings.limits
    named = {"global": limits.everything} | {
        name: getattr(limits, name) for name in ("server", "space", "aggregator", "rule")
    }
    return {name: Rate(bound.most, bound.every) for name, bound in named.items() if bound}


def backup_places(settings: Settings) -> Mapping[str, BackupDirectory]:
    """Where backups are kept, for servers that say so."""
    found = {server.name: server.backups for server in settings.servers}
    return {
        name: BackupDirectory(each.directory, each.keep)
        for name, each in found.items()
        if each.directory
    }


def watched(settings: Settings, clients: Mapping[str, Client]) -> Mapping[str, Watched]:
    """What is polled of each server and how often."""
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


def forced_live(settings: Settings, transport: httpx.BaseTransport | None) -> Callable[[str], bool]:
    """Whether a server's rules act although they say dry_run: only where the settings ask and the
    server is a simulator.
    """
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


def reveal(place: Body) -> str:
    """The secret that stands in a place. Raises ValueError."""
    return Secret.model_validate(place).reveal()
