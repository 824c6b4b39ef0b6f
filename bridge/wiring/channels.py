"""Where people are told, as the settings have it: addresses, rooms, policies, and the watchdog."""

from collections.abc import Mapping, Sequence
from functools import partial

import httpx

from bridge.actions import outbound_http
from bridge.actions.apprise import hosts
from bridge.actions.apprise import urls as addresses
from bridge.actions.apprise.recipients import recipients
from bridge.actions.chat_post import Room
from bridge.actions.heartbeat import Ping
from bridge.actions.notice_content import ReplyRoutes
from bridge.actions.notify import Notify
from bridge.bonding.client.tls_probe import listens
from bridge.bonding.scopes import TIMINGS
from bridge.config import Room as SetRoom
from bridge.config import Secret, Settings
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.notifications.channel_policy import Policy, Severity
from bridge.core.rules.rule import Rate, Window
from bridge.core.time_format import all_in_zone
from bridge.core.yaml_document import Place
from bridge.errors import BadInput, Problem, Unreachable
from bridge.pipeline.health import Movement
from bridge.pipeline.watchdog import CHANNEL as WATCHDOG
from bridge.pipeline.watchdog import Watchdog, WatchdogIO, WatchdogSettings
from bridge.store.database import Database
from bridge.store.watchdog_state import MemoryFile
from bridge.webhooks.platform import ChatPlatform
from bridge.webhooks.registry import PLATFORMS
from bridge.wiring.bridge_key import passing_key
from bridge.wiring.clock import Clock, machine_time
from bridge.wiring.servers import pace

_ROOM_SECONDS = 5.0
# who watches the bridge waits so long for the database, a ping, a server
_IMPATIENT = 10.0
# seconds that anything may stand still, where the settings say nothing of a watchdog
_STANDS_STILL = 60.0


def teller(settings: Settings) -> Notify:
    """What sends one message to one address; nothing of it is remembered, nor is anything made
    where no bridge has been.
    """
    return notifier(settings, rooms_of(settings), TokenSigner(passing_key(settings.state_dir)))


def check_channels(settings: Settings) -> None:
    """Raises BadInput for every address that Apprise does not understand, without showing it."""
    lists: list[tuple[Place, Sequence[Secret]]] = [
        (("channels", name, "urls"), channel.urls) for name, channel in settings.channels.items()
    ]
    if settings.watchdog:
        lists.append((("watchdog", "tell"), settings.watchdog.tell))
    problems = [
        problem for place, urls in lists for problem in wrong_addresses(settings, place, urls)
    ]
    if problems:
        raise BadInput(problems)


def destinations(urls: Sequence[Secret]) -> list[str]:
    """One address for each recipient, in the order of the settings."""
    return [each for url in urls for each in recipients(url.reveal())]


def wrong_addresses(settings: Settings, place: Place, urls: Sequence[Secret]) -> list[Problem]:
    """Of the addresses that stand at this place of the settings those that Apprise does not
    understand.
    """
    return [
        settings.problem((*place, n), said, f"mend the secret that stands in {url.env or url.file}")
        for n, url in enumerate(urls)
        if (said := addresses.wrong(url.reveal()))
    ]


def unreachable(settings: Settings, place: Place, urls: Sequence[Secret]) -> list[Problem]:
    """Of the addresses at this place of the settings those whose host takes no connection; each
    host is tried once.
    """
    named: dict[hosts.Host, int] = {}
    for n, url in enumerate(urls):
        for address in recipients(url.reveal()):
            host = hosts.host_of(address)
            if host is not None:
                named.setdefault(host, n)
    found = []
    for host, n in named.items():
        try:
            hosts.connect(host, _ROOM_SECONDS)
        except Unreachable as error:
            fix = f"check the host in the secret that stands in {urls[n].env or urls[n].file}"
            found.append(settings.problem((*place, n), str(error), fix))
    return found


def watchdog(settings: Settings, *, machine: Clock = machine_time) -> Watchdog:
    """What watches whether the bridge does its work; it shares nothing with it but the settings and
    the database.
    """
    wanted = settings.watchdog
    if wanted is None:
        what = "there is no `watchdog`: nobody is told when the bridge itself stands still"
        raise BadInput(
            [Problem("settings", what, "write `watchdog: {tell: [{env: NAME}]}`", "watchdog")]
        )
    urls = destinations(wanted.tell)
    domain = pace(settings)
    places = {server.name: str(server.url) for server in settings.servers}
    return Watchdog(
        Database(settings.database_url, patience=_IMPATIENT),
        MemoryFile(settings.state_dir / "watchdog.json"),
        WatchdogIO(
            Notify({WATCHDOG: urls}, {}, str, zone=settings.zone),
            Ping(wanted.ping.reveal(), _IMPATIENT) if wanted.ping else None,
            lambda server: listens(places[server], _IMPATIENT),
            lambda: _answers(settings),
        ),
        WatchdogSettings(
            addresses=len(urls),
            after=wanted.after,
            every=wanted.every,
            slack=_slack(settings),
            daily=(wanted.daily.at, wanted.daily.zone) if wanted.daily else None,
        ),
        machine,
        domain,
    )


def movement(settings: Settings, database: Database, machine: Clock) -> Movement:
    """What shows whether the bridge does its work."""
    if settings.watchdog:
        after = settings.watchdog.after
    else:
        after = _STANDS_STILL
    return Movement(database, _slack(settings), after, machine, pace(settings))


def _slack(settings: Settings) -> Mapping[str, float]:
    """However seldom a server is polled: it stands still only once it is due again. In the
    machine's seconds.
    """
    speed = pace(settings).speed
    return {
        server.name: min(getattr(server.poll, name) for name in TIMINGS) / speed
        for server in settings.servers
    }


def _answers(settings: Settings) -> bool:
    """Whether pages and webhooks are served on this machine, whatever is answered."""
    # compared only
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.web.host, settings.web.host)  # noqa: S104
    if ":" in host:
        there = f"[{host}]"
    else:
        there = host
    try:
        httpx.get(
            f"http://{there}:{settings.web.port}/healthz", timeout=_IMPATIENT, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return True


def notifier(settings: Settings, rooms: Mapping[str, Sequence[Room]], seals: TokenSigner) -> Notify:
    """What tells at every address of every channel."""
    urls = {name: destinations(channel.urls) for name, channel in settings.channels.items()}
    ours = settings.web.url.rstrip("/")
    outside = settings.web.public_url is not None
    # a question must be answered, here at least; what is only of use from elsewhere needs an
    # address that leads here
    ways = ReplyRoutes(
        story=(
            (lambda event: f"{ours}/events/{event}" if event else f"{ours}/") if outside else None
        ),
        take=(lambda take: f"{ours}/ack/{seals.take(take)}") if outside else None,
        button=seals.take,
    )
    return Notify(urls, rooms, lambda way: f"{ours}/approve/{seals.link(way)}", ways, settings.zone)


def policies(settings: Settings) -> Mapping[str, Policy]:
    """What each channel takes, and when."""
    return {
        name: Policy(
            least=Severity.of(channel.severity),
            spaces=tuple(channel.spaces),
            quiet=tuple(
                Window(each.days, each.begins, each.ends, each.zone) for each in channel.quiet
            ),
            loud=Severity.of(channel.loud),
            digest=channel.digest,
            rate=Rate(channel.rate.most, channel.rate.every) if channel.rate else None,
        )
        for name, channel in settings.channels.items()
    }


def rooms_of(settings: Settings) -> Mapping[str, Sequence[Room]]:
    """The rooms of every channel. Raises BadInput for every one whose buttons could not be
    pressed.
    """
    found: dict[str, list[Room]] = {}
    problems = []
    for name, channel in settings.channels.items():
        for number, room in enumerate(channel.rooms):
            try:
                found.setdefault(name, []).append(_room(settings, room))
            except LookupError as error:
                mend = (
                    "write one of `webhooks` whose platform has buttons; elsewhere an Apprise URL"
                    " among `urls` gets a link"
                )
                problems.append(
                    settings.problem(
                        ("channels", name, "rooms", number, "webhook"), str(error.args[0]), mend
                    )
                )
    if problems:
        raise BadInput(problems)
    return found


def _room(settings: Settings, room: SetRoom) -> Room:
    """Raises LookupError."""
    hook = settings.webhooks.get(room.webhook)
    if hook:
        platform = PLATFORMS.get(hook.platform)
    else:
        platform = None
    if hook is None:
        raise LookupError(f"no webhook is called {room.webhook!r}")
    if not isinstance(platform, ChatPlatform) or not platform.buttons:
        raise LookupError(f"{hook.platform} has no buttons")
    # a person who keeps the settings wrote it: it may lead inside
    target = outbound_http.at(room.url.reveal(), inside=True, timeout=_ROOM_SECONDS)
    show = partial(platform.posted, url=_address(settings, room.webhook))
    return Room(room.webhook, target, lambda answer: all_in_zone(show(answer), settings.zone))


def _address(settings: Settings, webhook: str) -> str:
    """Where a webhook of ours is, for those who send to it."""
    return f"{settings.web.url.rstrip('/')}/webhooks/{webhook}"
