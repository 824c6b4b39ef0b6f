"""`bondbridge webhooks add` and `rotate`: entries in the settings, and secrets in files of their
own.
"""

import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge import config
from bridge.cli.bridge_context import AsJson, Config, chosen, loaded
from bridge.cli.output import as_json
from bridge.cli.setup import secret_files, settings_file
from bridge.cli.setup.webhooks import Name, address, readable, unknown
from bridge.core.rules.models.rule import slug
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem
from bridge.webhooks.platform import ChatPlatform, Keys, Platform
from bridge.webhooks.registry import PLATFORMS
from bridge.webhooks.secret_strength import PREFIX
from bridge.webhooks.standard_webhooks import Standard


def add(
    name: Annotated[
        str,
        typer.Argument(
            help="What it is to be called: lower-case letters, digits and dashes, at most 63."
        ),
    ],
    platform: Annotated[str, typer.Option(help=f"Who sends: {', '.join(PLATFORMS)}.")],
    server: Annotated[
        str, typer.Option(help="The server it belongs to, where there are several.")
    ] = "",
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """Make a webhook: its secret in a file, its entry in the settings, and what to enter at the
    sender.

    Where the platform lets us choose the secret, it is shown once. Slack, Mattermost and Teams give
    one of their own: until it stands in the file that is named, nothing is let in. A running bridge
    takes the webhook up when it is started again.

    Examples: bondbridge webhooks add alerts --platform alertmanager · bondbridge webhooks add ops
    --platform slack
    """
    path = chosen(given)
    settings = config.load(path)
    of = _new(settings, name, platform, server)
    place = (settings.state_dir / "secrets" / name).resolve()
    secret = secret_files.fresh()
    secret_files.create(place, secret)
    entry = {
        "platform": platform,
        "server": server or settings.servers[0].name,
        "secret": {"file": str(place)},
    }
    try:
        why = settings_file.add_webhook(path, name, entry)
    except BadInput:
        place.unlink()
        raise
    url = address(settings, name)
    theirs = isinstance(of, ChatPlatform)
    howto = of.howto(url, Keys([secret], of.tolerance, of.options()))
    made = {
        "name": name,
        "platform": platform,
        "url": url,
        "secret_file": str(place),
        "secret": None if theirs else secret,
        "added": not why,
        "howto": howto,
        **({"why": why, "paste": settings_file.pasted(name, entry)} if why else {}),
    }
    if json_output:
        as_json(made)
    else:
        _say_made(made, path, of)


def rotate(
    name: Name,
    given: Config = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Forget all but the newest: the sender has it by now.")
    ] = False,
    json_output: AsJson = False,
) -> None:
    """Change a secret without losing a delivery: the new one goes on top, the old ones stay good
    until --finish.

    Where the platform gives secrets, its new one is asked for, or read from standard input. A
    running bridge knows at once.

    Examples: bondbridge webhooks rotate alerts · bondbridge webhooks rotate alerts --finish
    """
    settings = loaded(given)
    hook = _set(settings, name)
    path = hook.secret.file
    if path is None:
        what = (
            f"its secret stands in the environment ({hook.secret.env}), which is not for this"
            " command to change"
        )
        raise BadInput(
            [
                Problem(
                    "webhooks",
                    what,
                    "write the secrets there one a line, the new one first",
                    f"{name}.secret",
                )
            ]
        )
    lines = readable(name, hook.secret.reveal_all)
    of = PLATFORMS[hook.platform]
    theirs = isinstance(of, ChatPlatform)
    new = _good(name, of, lines[0] if finish else _given(of) if theirs else secret_files.fresh())
    if finish:
        good = [new]
    else:
        good = [new, *_kept(lines, new, theirs=theirs)]
    secret_files.replace(path, good)
    if finish or theirs:
        shown = None
    else:
        shown = new
    if json_output:
        as_json({"name": name, "good": len(good), "secret_file": str(path), "secret": shown})
        return
    if shown:
        print(
            f"{shown}\n\nshown this once; it stands in {path}. Give it to the sender, then: ",
            end="",
        )
        print(f"bondbridge webhooks rotate {name} --finish")
    else:
        print(f"{len(good)} secret{'s are' if len(good) > 1 else ' is'} good now")


def _good(name: str, of: Platform, secret: str) -> str:
    """The same secret. Raises BadInput for one that is none to rely on; what stood there is left as
    it was.
    """
    amiss = of.wrong(secret)
    if amiss:
        if isinstance(of, ChatPlatform):
            mend = f"enter the one that {of.title} shows"
        else:
            mend = f"bondbridge webhooks rotate {name}"
        raise BadInput(
            [Problem("webhooks", f"this is no secret for it: {amiss}", mend, f"{name}.secret")]
        )
    return secret


def _kept(lines: Sequence[str], new: str, *, theirs: bool) -> list[str]:
    """The older secrets, without what we put there until the platform's own came."""
    return [each for each in lines if each != new and not (theirs and each.startswith(PREFIX))]


def _new(settings: config.Settings, name: str, platform: str, server: str) -> Platform:
    """The platform of a webhook that may be made. Raises BadInput with everything that speaks
    against it.
    """
    servers = [each.name for each in settings.servers]
    problems = []
    try:
        slug(name)
    except ValueError as error:
        problems.append(Problem("webhooks", f"it cannot be called {name!r}: {error}"))
    if name in settings.webhooks:
        problems.append(
            Problem(
                "webhooks", f"there is a webhook {name!r} already", "name the new one otherwise"
            )
        )
    if platform not in PLATFORMS:
        there = f"there is: {', '.join(PLATFORMS)}"
        problems.append(
            Problem(
                "webhooks",
                f"no platform is called {platform!r}",
                nearest(platform, PLATFORMS) or there,
            )
        )
    if server not in servers and (server or len(servers) > 1):
        if server:
            what = f"no server is called {server!r}"
        else:
            what = "there are several servers"
        problems.append(
            Problem("webhooks", what, f"write --server, and one of: {', '.join(servers)}")
        )
    if problems:
        raise BadInput(problems)
    return PLATFORMS[platform]


def _say_made(made: Mapping[str, Any], path: Path, of: Platform) -> None:
    if made["added"]:
        print(f"{made['name']} stands in {path}: start the bridge again")
    else:
        print(
            f"{path} is as it was ({made['why']}). Paste this into the settings, then start the"
            " bridge again:\n"
        )
        print(made["paste"])
    if made["secret"]:
        print(f"\nsecret, shown this once; it stands in {made['secret_file']}:\n\n{made['secret']}")
        if not isinstance(of, Standard):
            print(f"\nAll of this text is the secret, {PREFIX} too.")
    else:
        print(f"\n{of.title} gives the secret: put it into {made['secret_file']}.")
        print("Until then one stands there that nobody knows, and nothing is let in.")
    print(f"\n{made['howto']}\n\nTry it: bondbridge webhooks test {made['name']}")


def _given(platform: Platform) -> str:
    """The secret that a platform made. Raises BadInput."""
    asked = f"the new secret that {platform.title} shows: "
    given = (getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not given:
        raise BadInput(
            [
                Problem(
                    "webhooks",
                    f"{platform.title} gives the secret, and none was given",
                    "enter it, or pipe it in",
                )
            ]
        )
    return given


def _set(settings: config.Settings, name: str) -> config.Webhook:
    if name not in settings.webhooks:
        raise BadInput([unknown(name, settings.webhooks)])
    return settings.webhooks[name]
