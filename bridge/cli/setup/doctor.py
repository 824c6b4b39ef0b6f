"""`bondbridge doctor`: check everything a bridge needs, and say how to mend what is missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

import redis
import typer
from rich.text import Text

from bridge import config, wiring
from bridge.actions import outbound_http
from bridge.bonding.catalogue import Danger
from bridge.cli.bridge_context import AsJson, Config, chosen
from bridge.cli.output import as_json, show_times_in, table
from bridge.cli.setup import doctor_database
from bridge.cli.setup.folder_probe import probe_folder
from bridge.config.time_zones import use_newest
from bridge.core.durations import spoken
from bridge.core.yaml_document import Place
from bridge.errors import BadInput, BridgeError, Problem, Refused
from bridge.pipeline.receive.receiver import IncomingWebhook

# beyond this, times the server tells are shown corrected, and its certificates and logs are worth a
# look
_CLOCK_OFF = 60.0
_CERTIFICATE_ENDS = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `says` is what was found, with how to mend it where it is not
    good.
    """

    what: str
    good: bool
    says: str


def doctor(given: Config = None, json_output: AsJson = False) -> None:
    """Check settings, state, database, broker, rules, channels, webhooks, and each server's
    reachability and credentials.

    It only looks: nothing is made or changed. Exits with 1 if something is wrong, 2 if the settings
    cannot be read.

    Example: bondbridge doctor
    """
    path = chosen(given)
    settings = config.load(path)
    show_times_in(settings.zone)
    state = _state(settings)
    findings = [
        Finding("settings", good=True, says=str(path)),
        _time_zones(),
        state,
        *_findings(settings, state=state),
    ]
    if json_output:
        as_json([{"what": each.what, "good": each.good, "says": each.says} for each in findings])
    else:
        marks = {True: Text("good", "green"), False: Text("wrong", "bold red")}
        table(
            ("", "what", "found"), [(marks[each.good], each.what, each.says) for each in findings]
        )
    raise typer.Exit(0 if all(each.good for each in findings) else 1)


def _findings(settings: config.Settings, *, state: Finding) -> Iterator[Finding]:
    """`state`: what was found of the state folder; one that cannot be used is said once."""
    try:
        key = wiring.passing_key(settings.state_dir)
    except BridgeError as error:
        if state.good:
            yield Finding("state", good=False, says=str(error))
        return
    try:
        bridge = wiring.build(settings, key=key)
    except BridgeError as error:
        yield Finding("state", good=False, says=str(error))
        return
    with closing(bridge):
        database, readable = _database(bridge)
        yield database
        yield _tried(
            "rules", lambda: _rules(bridge, kept=readable and doctor_database.has_rulebook(bridge))
        )
        for rule, says in doctor_database.yellow(bridge) if readable else ():
            yield Finding(f"rule {rule}", good=False, says=says)
        for what, says in doctor_database.set_aside(bridge) if readable else ():
            yield Finding(what, good=False, says=says)
        yield _broker(settings)
        yield from _channels(settings, doctor_database.failing_channels(bridge) if readable else {})
        yield _watchdog(settings)
        for address, says in doctor_database.dead_letters(bridge) if readable else ():
            yield Finding(f"channel {address}", good=False, says=says)
        yield from _hooks(bridge)
        for name in bridge.clients:
            yield from _of_server(bridge, name, readable=readable)


def _state(settings: config.Settings) -> Finding:
    """Whether the state folder can be written, or made."""
    folder = settings.state_dir
    is_there = folder.is_dir()
    try:
        probe_folder(folder)
    except OSError as error:
        fix = "make it writable, make room on its disk, or set `state_dir`"
        if is_there:
            cannot = "cannot be written"
        else:
            cannot = "cannot be made"
        return Finding(
            "state folder", good=False, says=f"{folder} {cannot}: {error.strerror}; {fix}"
        )
    if is_there:
        says = f"{folder} can be written"
    else:
        says = f"{folder} is made by `bondbridge up`"
    return Finding("state folder", good=True, says=says)


def _time_zones() -> Finding:
    found = use_newest()
    if found.place == "tzdata":
        place = "of the package tzdata"
    else:
        place = f"of this machine, in {found.place}"
    says = f"database {found.version} {place}"
    if not found.is_old(wiring.machine_time()):
        return Finding("time zones", good=True, says=says)
    fix = "windows and quiet hours may be an hour off; upgrade it (`pip install --upgrade tzdata`)"
    return Finding("time zones", good=False, says=f"{says} is old: {fix}")


def _channels(settings: config.Settings, failing: Mapping[str, str]) -> Iterator[Finding]:
    """`failing`: what to say of each channel that does not take its notices."""
    for name in settings.channels:
        found = _channel(settings, name)
        if name in failing:
            says = failing[name] if found.good else f"{found.says}\n{failing[name]}"
            found = Finding(found.what, good=False, says=says)
        yield found


def _hooks(bridge: wiring.Bridge) -> Iterator[Finding]:
    for incoming in bridge.receiver.hooks.values():
        yield _tried(f"webhook {incoming.name}", partial(_webhook, incoming))
    for name, hook in wiring.outgoing(bridge.settings).items():
        yield _tried(f"outgoing webhook {name}", partial(_leads_to, hook.target))


def _leads_to(target: outbound_http.Target) -> str:
    return f"goes to {', '.join(target.addresses())}"


def _of_server(bridge: wiring.Bridge, name: str, *, readable: bool) -> Iterator[Finding]:
    yield _tried(f"server {name}", lambda: _server(bridge, name))
    yield _tried(f"server {name}: certificate", lambda: _certificate(bridge, name))
    for scope, says in doctor_database.forbidden(bridge, name) if readable else ():
        yield Finding(f"server {name}: scope {scope}", good=False, says=says)
    users = next(each.users for each in bridge.settings.servers if each.name == name)
    for scopes, says in doctor_database.failing_scopes(bridge, name) if readable else ():
        yield Finding(f"server {name}: {scopes}", good=False, says=says)
    for danger in (Danger(each) for each, user in users if user):
        yield _tried(f"server {name}: {danger}", partial(_user, bridge, name, danger))


def _tried(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, good=True, says=check())
    except BridgeError as error:
        return Finding(what, good=False, says=str(error))


def _database(bridge: wiring.Bridge) -> tuple[Finding, bool]:
    """What was found, and whether there is anything to read in it."""
    try:
        says, readable = doctor_database.standing(bridge)
    except BridgeError as error:
        return Finding("database", good=False, says=str(error)), False
    return Finding("database", good=True, says=says), readable


def _rules(bridge: wiring.Bridge, *, kept: bool) -> str:
    """`kept`: whether some were good before."""
    folders = ", ".join(map(str, bridge.settings.rules))
    try:
        return f"{len(bridge.keeper.current().rules)} rules in {folders}"
    except BadInput as error:
        if kept:
            goes_on = ", and the last good ones go on"
        else:
            goes_on = ""
        raise Refused(f"the rule files are rejected{goes_on}:\n{error}") from error


def _broker(settings: config.Settings) -> Finding:
    if settings.broker is None:
        return Finding("broker", good=True, says="the bundled one, started by `bondbridge up`")
    try:
        redis.Redis.from_url(settings.broker, socket_timeout=5.0).ping()
    except (redis.RedisError, ValueError) as error:
        return Finding(
            "broker", good=False, says=f"does not answer: {error}; check `broker` in the settings"
        )
    return Finding("broker", good=True, says="answers")


def _channel(settings: config.Settings, name: str) -> Finding:
    channel = settings.channels[name]
    strange = _strange(settings, ("channels", name, "urls"), channel.urls)
    if strange:
        return Finding(f"channel {name}", good=False, says="\n".join(map(str, strange)))
    return Finding(
        f"channel {name}",
        good=True,
        says=_counted(len(wiring.destinations(channel.urls)), len(channel.rooms)),
    )


def _strange(
    settings: config.Settings, place: Place, urls: Sequence[config.Secret]
) -> list[Problem]:
    """What is wrong with the addresses at this place; only good ones are called."""
    wrong = wiring.wrong_addresses(settings, place, urls)
    return wrong or wiring.unreachable(settings, place, urls)


def _watchdog(settings: config.Settings) -> Finding:
    wanted = settings.watchdog
    if wanted is None:
        return Finding(
            "watchdog",
            good=True,
            says="none: should the bridge itself stand still, nobody is told; see docs/watchdog.md",
        )
    strange = _strange(settings, ("watchdog", "tell"), wanted.tell)
    if strange:
        return Finding("watchdog", good=False, says="\n".join(map(str, strange)))
    if wanted.tell:
        ways = [_counted(len(wiring.destinations(wanted.tell)), 0)]
    else:
        ways = []
    return Finding(
        "watchdog", good=True, says=" and ".join(ways + (["a ping"] if wanted.ping else []))
    )


def _webhook(hook: IncomingWebhook) -> str:
    try:
        secrets = hook.keys().secrets
    except ValueError as error:
        raise Refused(f"{error}; write one there, one a line") from error
    says = f"{hook.platform.name}, {len(secrets)} secret{'s' if len(secrets) != 1 else ''}"
    weak = [
        f"secret {i}: {said}"
        for i, each in enumerate(secrets, start=1)
        if (said := hook.platform.wrong(each))
    ]
    if weak:
        raise Refused(f"{says}; {'; '.join(weak)}; see `bondbridge webhooks rotate {hook.name}`")
    return says


def _counted(urls: int, rooms: int) -> str:
    if urls or not rooms:
        told = [f"{urls} target{'s' if urls != 1 else ''}"]
    else:
        told = []
    return " and ".join(told + ([f"{rooms} room{'s' if rooms != 1 else ''}"] if rooms else []))


def _server(bridge: wiring.Bridge, name: str) -> str:
    client = bridge.clients[name]
    answer = client.call("core.list", {})
    off = answer.offset.total_seconds()
    if abs(off) < _CLOCK_OFF:
        clocks = ""
    else:
        clocks = f"; its clock is {spoken(abs(off))} {'ahead' if off > 0 else 'behind'}"
    return f"{client.url} answers and knows us{clocks}"


def _user(bridge: wiring.Bridge, name: str, danger: Danger) -> str:
    bridge.clients[name].introduce(danger)
    return f"the user of what is to {danger} is known"


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _certificate(bridge: wiring.Bridge, name: str) -> str:
    found = bridge.clients[name].certificate()
    if found is None and _on_this_machine(bridge.clients[name].url):
        return "none: the address is plain http, and does not leave this machine"
    if found is None:
        raise Refused(
            "none: the address is plain http, so passwords and answers can be read on the way;"
            " write https://"
        )
    ends = datetime.fromisoformat(found["not_after"])
    left = (ends - bridge.machine()).total_seconds()
    says = (
        f"{found['subject'] or 'no subject'}, issued by {found['issuer'] or 'nobody'}, until"
        f" {ends:%Y-%m-%d}"
    )
    if left < _CERTIFICATE_ENDS:
        raise Refused(
            f"{says}: {f'{spoken(left)} left' if left > 0 else 'it has ended'}; renew it on the"
            " server"
        )
    return says
