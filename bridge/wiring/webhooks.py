"""Webhooks as the settings have them: those that come in and those that go out."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial

import httpx
from pydantic import ValidationError

from bridge.actions.chat_reply import ReplyRoute
from bridge.actions.outbound_http import Target, trusted
from bridge.actions.webhook import OutgoingWebhook as Outgoing
from bridge.config import Person, Settings
from bridge.config import Webhook as SetWebhook
from bridge.core.chat.reply import Reply
from bridge.core.chat.roles import Grant, Role
from bridge.core.model import Body
from bridge.core.time_format import all_in_zone
from bridge.errors import BadInput, Problem
from bridge.pipeline.receive.receiver import IncomingWebhook
from bridge.webhooks.platform import ChatPlatform
from bridge.webhooks.registry import PLATFORMS
from bridge.wiring.channels import _address


def outgoing(settings: Settings) -> Mapping[str, Outgoing]:
    """Where rules may send, by name. Raises BadInput."""
    found = {}
    for name, hook in settings.hooks.items():
        try:
            target = Target(
                httpx.URL(str(hook.url)), hook.allow_private, hook.timeout, trusted(hook.verify)
            )
        except OSError as error:
            what = f"verify: {error.strerror}: {hook.verify}"
            raise BadInput([Problem("settings", what, key=f"hooks.{name}")]) from error
        found[name] = Outgoing(target, hook.secret.reveal_all())
    return found


def incoming(settings: Settings) -> Mapping[str, IncomingWebhook]:
    """Incoming webhooks by name. Raises BadInput for every one that cannot work."""
    found: dict[str, IncomingWebhook] = {}
    problems: list[Problem] = []
    for name, hook in settings.webhooks.items():
        try:
            found[name] = _hook(settings, name, hook)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(problems)
    return found


def ways(settings: Settings, hooks: Mapping[str, IncomingWebhook]) -> Mapping[str, ReplyRoute]:
    """How those are answered later who talk by each webhook."""
    found: dict[str, ReplyRoute] = {}
    for name, hook in hooks.items():
        if isinstance(hook.platform, ChatPlatform):
            show = partial(_shown, hook.platform, _address(settings, name), settings.zone)
            # places that a person wrote into the settings may be inside
            found[name] = ReplyRoute(
                show, hook.platform.buttons, bool(settings.webhooks[name].answers_at)
            )
    return found


def _shown(platform: ChatPlatform, url: str, zone: tzinfo, answer: Reply) -> Body:
    """The platform's message, with times by the clocks of the settings."""
    shown: Body = all_in_zone(platform.shown(answer, url), zone)
    return shown


def _hook(settings: Settings, name: str, hook: SetWebhook) -> IncomingWebhook:
    key = f"webhooks.{name}"
    platform = PLATFORMS.get(hook.platform)
    if platform is None:
        mend = f"there is: {', '.join(PLATFORMS)}"
        raise BadInput([Problem("settings", f"no platform is called {hook.platform!r}", mend, key)])
    if hook.server not in {server.name for server in settings.servers}:
        raise BadInput(
            [
                Problem(
                    "settings",
                    f"no server is called {hook.server!r}",
                    "name one of `servers`",
                    f"{key}.server",
                )
            ]
        )
    talks = isinstance(platform, ChatPlatform)
    if (hook.people or hook.strangers or hook.answers_at) and not talks:
        what = (
            f"nobody talks on {hook.platform}: `people`, `strangers` and `answers_at` mean nothing"
            " there"
        )
        raise BadInput([Problem("settings", what, "leave them out", key)])
    try:
        options = platform.options.model_validate(hook.options)
    except ValidationError as error:
        told = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise BadInput(
            [Problem("settings", what, "", f"{key}.options.{where}") for where, what in told]
        ) from error
    return IncomingWebhook(
        name=name,
        platform=platform,
        secrets=hook.secret.reveal_all,
        server=hook.server,
        tolerance=hook.tolerance or platform.tolerance,
        options=options,
        spaces=tuple(hook.spaces) or None,
        grants=tuple(map(_grant, hook.people)),
        strangers=Role[hook.strangers.upper()] if hook.strangers else None,
        answers_at=tuple(map(str, hook.answers_at))
        or (platform.answers_at if isinstance(platform, ChatPlatform) else ()),
    )


def _grant(person: Person) -> Grant:
    return Grant(
        Role[person.role.upper()], person.user, person.room, tuple(person.spaces), person.name
    )


def check_webhooks(settings: Settings) -> None:
    """Raises BadInput for every incoming webhook whose secret cannot be read: nothing could come in
    by it.
    """
    problems = []
    for name, hook in settings.webhooks.items():
        try:
            hook.secret.reveal_all()
        except ValueError as error:
            problems.append(
                Problem(
                    "settings", str(error), "write one there, one a line", f"webhooks.{name}.secret"
                )
            )
    if problems:
        raise BadInput(problems)
