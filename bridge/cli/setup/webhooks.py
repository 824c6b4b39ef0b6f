"""`bondbridge webhooks`: where other systems and people send to."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import httpx
import typer

from bridge import config, wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.output import as_json, clock, table
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem, Refused, Unreachable
from bridge.pipeline.receive.receiver import IncomingWebhook
from bridge.store.observations.webhook_stats import Received, received
from bridge.webhooks.platform import Keys

app = typer.Typer(
    rich_markup_mode=None,
    help=(
        "Incoming webhooks: where other systems and chat rooms send to. Secrets stand in files, one"
        " a line, all of them good."
    ),
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="The webhook, as it is called in the settings.")]
_Read = TypeVar("_Read")
_TIMEOUT = 15.0
_DAY = timedelta(days=1)


@app.command("list")
def list_all(given: Config = None, json_output: AsJson = False) -> None:
    """The webhooks there are, how many secrets each has, when something last came and how much in
    the last day.

    Example: bondbridge webhooks list
    """
    with bridge_of(given) as bridge:
        hooks = bridge.receiver.hooks
        now = bridge.now()
        with bridge.database.reading() as connection:
            came = received(connection, list(hooks), now - _DAY)
        rows = [_row(bridge, hook, came.get(name, Received())) for name, hook in hooks.items()]
    if json_output:
        as_json(rows)
        return
    columns = ("name", "platform", "server", "secrets", "last", "in a day", "url")
    table(
        columns,
        [
            [clock(each) if isinstance(each, datetime | None) else each for each in row.values()]
            for row in rows
        ],
        empty="no webhooks: `bondbridge webhooks add` makes one",
    )


@app.command("test")
def send_example(name: Name, given: Config = None, json_output: AsJson = False) -> None:
    """Send a correctly signed example, which asks for nothing, to the running bridge, and show what
    came back.

    Exit codes: 3 the bridge does not answer, 4 it refuses. Example: bondbridge webhooks test alerts
    """
    with bridge_of(given) as bridge:
        hook = _hook(bridge, name)
        request = hook.platform.example(_keys(hook), wiring.machine_time())
        url = _near(bridge.settings, name)
    try:
        answer = httpx.post(
            url,
            content=request.body,
            headers=dict(request.headers),
            timeout=_TIMEOUT,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise Unreachable(f"{url} does not answer: {error}; is `bondbridge up` running?") from error
    if not answer.is_success:
        raise Refused(
            f"{url} answered {answer.status_code}: {answer.text[:300]}", answer.status_code
        )
    if json_output:
        as_json({"url": url, "status": answer.status_code, "answer": answer.json()})
        return
    print(f"{url} answered {answer.status_code}\n{answer.text.strip()}")
    for event in _events(answer.json()):
        print(f"its story: bondbridge events {event}", file=sys.stderr)


@app.command()
def howto(name: Name, given: Config = None) -> None:
    """What to enter at the sender. No secret is shown.

    Example: bondbridge webhooks howto alerts
    """
    with bridge_of(given) as bridge:
        hook = _hook(bridge, name)
        print(hook.platform.howto(address(bridge.settings, name), _keys(hook)))


def _row(bridge: wiring.Bridge, hook: IncomingWebhook, came: Received) -> dict[str, Any]:
    try:
        good: object = len(hook.keys().secrets)
    except ValueError:
        good = "unreadable"
    return {
        "name": hook.name,
        "platform": hook.platform.name,
        "server": hook.server,
        "secrets": good,
        "last": came.last,
        "in_a_day": came.lately,
        "url": address(bridge.settings, hook.name),
    }


def _hook(bridge: wiring.Bridge, name: str) -> IncomingWebhook:
    if name not in bridge.receiver.hooks:
        raise BadInput([unknown(name, bridge.receiver.hooks)])
    return bridge.receiver.hooks[name]


def unknown(name: str, hooks: Mapping[str, object]) -> Problem:
    """What is said of a name that no webhook has."""
    return Problem(
        "webhooks",
        f"there is no webhook {name!r}",
        nearest(name, hooks) or "see `bondbridge webhooks list`",
    )


def _keys(hook: IncomingWebhook) -> Keys:
    return readable(hook.name, hook.keys)


def readable(name: str, read: Callable[[], _Read]) -> _Read:
    """What reading the secret of this webhook gives. Raises BadInput."""
    try:
        return read()
    except ValueError as error:
        raise BadInput(
            [Problem("webhooks", str(error), "write one there, one a line", f"{name}.secret")]
        ) from error


def address(settings: config.Settings, name: str) -> str:
    """What a sender is told."""
    return f"{settings.web.url.rstrip('/')}/webhooks/{name}"


def _near(settings: config.Settings, name: str) -> str:
    """Where the bridge listens on this machine, whatever it is called outside."""
    # what is listened on, seen from here
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = everywhere.get(settings.web.host, settings.web.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}/webhooks/{name}"


def _events(answer: Any) -> list[str]:
    if not isinstance(answer, dict):
        return []
    told = answer.get("events") or [answer]
    return [
        each["event"]
        for each in told
        if isinstance(each, dict) and isinstance(each.get("event"), str)
    ]
