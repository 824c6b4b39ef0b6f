"""`bondbridge demo`: the whole thing against the simulator, with the story `tour`; and
`demo-webhook`, which sends one.

World and domain clock run at one speed. The demo's state (journal, world, ledger, clock, messages)
stands in one folder and goes on where it stopped.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Annotated, Any

import httpx
import typer

from bridge import config, wiring
from bridge.bonding.scopes import address
from bridge.cli.bridge_context import DEMO, Config, loaded
from bridge.cli.output import unblocked
from bridge.cli.run import up
from bridge.cli.run.supervisor import Child, Supervisor
from bridge.cli.setup import secret_files, settings_file
from bridge.cli.setup.webhooks import readable
from bridge.errors import BadInput, Problem, Refused, Unreachable
from bridge.store.observations import snapshots
from bridge.webhooks import generic_hmac

_HOST = "127.0.0.1"
_SETTINGS = Path(__file__).parent / "demo.yaml"
_RULES = Path(__file__).parent / "demo_rules"
# world seconds after the story began, when the leg of that bond is up again; the second is skipped
# by its rule's cooldown
_WEBHOOKS_AT = (260.0, 400.0)
_HOOK = "demo"
_BOND = 1
# what the scenes are seen in: they begin when each of these has its baseline, whatever the rotation
# has come to
_IN_THE_SCENES = frozenset(
    {"legs", "bonds", "placements", "aggregators", "backups", "bonds/{bond}/tuners"}
)

State = Annotated[
    Path, typer.Option(help="Folder that keeps everything.", envvar="BONDBRIDGE_DEMO_STATE")
]
Speed = Annotated[
    float,
    typer.Option(help="World seconds per second.", min=1, max=120, envvar="BONDBRIDGE_DEMO_SPEED"),
]


def _port(whose: str, variable: str) -> Any:
    return typer.Option(help=f"Port of the {whose}.", min=1, max=65_535, envvar=variable)


def demo(
    state: State = DEMO.parent,
    speed: Speed = 30.0,
    port: Annotated[int, _port("pages", "BONDBRIDGE_DEMO_PORT")] = 8080,
    simulator_port: Annotated[int, _port("simulator", "BONDBRIDGE_DEMO_SIMULATOR_PORT")] = 8180,
    inbox_port: Annotated[int, _port("inbox", "BONDBRIDGE_DEMO_INBOX_PORT")] = 8181,
    workers: Annotated[int, typer.Option(help="Processes of the Celery worker.", min=1)] = 4,
) -> None:
    """Run everything against the simulator, until Ctrl-C. The simulator's world has legs that fail,
    tunings, a failover.

    Example: bondbridge demo --port 9000
    """
    with up.only_one(state), Supervisor(unblocked()) as supervisor:
        for wanted, name in (
            (simulator_port, "simulator-port"),
            (inbox_port, "inbox-port"),
            (port, "port"),
        ):
            up.free_port(
                _HOST, wanted, f"--{name}, or BONDBRIDGE_DEMO_{name.replace('-', '_').upper()}"
            )
        supervisor.start(*_stage(state, speed, simulator_port, inbox_port))
        if supervisor.stopping:
            return
        simulator = f"http://{_HOST}:{simulator_port}"
        inbox = f"http://{_HOST}:{inbox_port}"
        path = write_settings(
            state, _clock(simulator), port=port, simulator=simulator, inbox_port=inbox_port
        )
        supervisor.say(f"world and clock run {speed:g} times as fast as yours")
        supervisor.say(f"simulator  {simulator}/_sim/ledger  what it was asked to do")
        supervisor.say(f"inbox      {inbox}/  what people were told")
        show = _Show(simulator, speed, supervisor)
        up.run(supervisor, path, config.load(path), workers=workers, meanwhile=show.go_on)


def demo_webhook(
    given: Config = None,
    bond: Annotated[int, typer.Option(help="The bond to ask a restart for.")] = _BOND,
) -> None:
    """Send the demo's signed webhook, as another system would: it asks for the restart of a bond.

    Example: bondbridge demo-webhook --bond 2
    """
    answer = send_webhook(loaded(given), bond)
    print(json.dumps(answer))
    print(f"its story: bondbridge events {answer['event']}", file=sys.stderr)


def send_webhook(settings: config.Settings, bond: int) -> dict[str, Any]:
    """`{"event": id, "new": bool}`. Raises BadInput, Unreachable, Refused."""
    if _HOOK not in settings.webhooks:
        raise BadInput(
            [
                Problem(
                    "settings",
                    f"there is no webhook {_HOOK!r}",
                    "this command is for the demo's settings",
                )
            ]
        )
    secret = readable(_HOOK, settings.webhooks[_HOOK].secret.reveal_all)[0]
    stamp = int(wiring.machine_time().timestamp())
    # `nonce`: two requests in one second are still two deliveries
    body = json.dumps({"action": "restart", "bond": bond, "nonce": secrets.token_hex(4)}).encode()
    headers = generic_hmac.signed(body, secret, stamp)
    url = f"http://{settings.web.host}:{settings.web.port}/webhooks/{_HOOK}"
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=10.0, trust_env=False)
    except httpx.HTTPError as error:
        raise Unreachable(
            f"{url} does not answer: {error}; is `bondbridge demo` running?"
        ) from error
    if not answer.is_success:
        raise Refused(
            f"{url} answered {answer.status_code}: {answer.text[:200]}", answer.status_code
        )
    return dict(answer.json())


class _Show:
    """Starts the story once everything it shows has been seen for the first time, then sends the
    webhooks.
    """

    def __init__(self, simulator: str, speed: float, supervisor: Supervisor) -> None:
        self._simulator = simulator
        self._speed = speed
        self._supervisor = supervisor
        self._steps = self._play()

    def go_on(self, bridge: wiring.Bridge) -> None:
        """Called every second."""
        step = next(self._steps, None)
        if step is not None:
            step(bridge)

    def _play(self) -> Iterator[Callable[[wiring.Bridge], None]]:
        self._all_seen = False
        while not self._all_seen:
            yield self._look
        yield self._begin
        began = time.monotonic()
        for at in _WEBHOOKS_AT:
            while time.monotonic() < began + at / self._speed:
                yield lambda _: None
            yield self._send

    def _look(self, bridge: wiring.Bridge) -> None:
        with bridge.database.reading() as connection:
            scopes = snapshots.all_scopes(connection)
        shown = [(address(each.name).family.template, each.version) for each in scopes]
        wanted = [(name, version) for name, version in shown if name in _IN_THE_SCENES]
        self._all_seen = {name for name, _ in wanted} == _IN_THE_SCENES and all(
            version for _, version in wanted
        )

    def _begin(self, bridge: wiring.Bridge) -> None:
        del bridge
        answer = httpx.post(
            f"{self._simulator}/_sim/story", json={"name": "tour"}, timeout=5.0, trust_env=False
        )
        self._supervisor.say(
            "the story `tour` begins" if answer.is_success else "the story `tour` goes on"
        )

    def _send(self, bridge: wiring.Bridge) -> None:
        try:
            send_webhook(bridge.settings, _BOND)
        except (Unreachable, Refused) as error:
            self._supervisor.say(f"the demo's webhook did not get through: {error}")


def _stage(state: Path, speed: float, simulator_port: int, inbox_port: int) -> list[Child]:
    own = [sys.executable, "-m", "bridge.cli"]
    world = [
        "--port",
        str(simulator_port),
        "--speed",
        str(speed),
        "--state",
        str(state / "world.json"),
    ]
    kept = ["--port", str(inbox_port), "--state", str(state / "inbox.jsonl")]
    return [Child("simulator", [*own, "simulate", *world]), Child("inbox", [*own, "inbox", *kept])]


def _clock(simulator: str) -> dict[str, Any]:
    """The world's clock, read at one moment of ours."""
    machine = wiring.machine_time()
    shown = httpx.get(f"{simulator}/_sim/clock", timeout=5.0, trust_env=False).json()
    return {
        "machine": machine,
        "domain": datetime.fromisoformat(shown["now"]),
        "speed": shown["speed"],
    }


def write_settings(
    state: Path, clock: dict[str, Any], *, port: int, simulator: str, inbox_port: int
) -> Path:
    """The demo's settings, as a file that every command here finds. Secrets stand beside it,
    readable by us alone.

    Written anew, but for the webhooks that somebody added. Raises BadInput where what is there
    cannot be read.
    """
    folder = state.resolve()
    path = folder / "bondbridge.yaml"
    added = {
        name: entry for name, entry in settings_file.webhooks_of(path).items() if name != _HOOK
    }
    hook = folder / "webhook.secret"
    kept = {
        "password": _keep_secret(folder / "password", "demo"),
        "hook": _keep_secret(
            hook, hook.read_text(encoding="utf-8") if hook.exists() else secrets.token_urlsafe(32)
        ),
        "channel": _keep_secret(folder / "inbox.url", f"json://{_HOST}:{inbox_port}/"),
    }
    places = {
        "state": folder,
        "backups": folder / "backups",
        "rules": config.shipped("rules"),
        "demo_rules": _RULES,
        **kept,
    }
    text = Template(_SETTINGS.read_text(encoding="utf-8")).substitute(
        {name: json.dumps(str(place)) for name, place in places.items()},
        port=port,
        simulator=simulator,
        machine=clock["machine"].isoformat(),
        domain=clock["domain"].isoformat(),
        speed=clock["speed"],
    )
    for name, entry in reversed(added.items()):  # each is put in above those before it
        text = settings_file.with_webhook(text, name, entry)
    path.touch()
    secret_files.write(path, text)
    return path


def _keep_secret(path: Path, text: str) -> Path:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    return path
