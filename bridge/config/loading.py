"""From a file and the environment to settings, or to everything that is wrong with them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bridge.config import environment as variables
from bridge.config import name_checks
from bridge.config.settings import PREFIX, Settings
from bridge.core.events.builder import OURSELVES
from bridge.core.rules.parser import nearest
from bridge.core.yaml_document import Document, problems_of, read
from bridge.errors import BadInput, Problem

CONFIG_VARIABLE = "BONDBRIDGE_CONFIG"
_KEYS = f"there are: {', '.join(Settings.model_fields)}"


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises BadInput with every problem, each at its line."""
    chosen = path or ((environment or os.environ).get(CONFIG_VARIABLE) or None)
    if chosen:
        document = _document(Path(chosen))
    else:
        document = Document("environment", {}, {})
    if not isinstance(document.data, dict):
        raise BadInput([document.problem((), "the settings are a mapping: servers, channels, …")])
    known = {name: value for name, value in document.data.items() if name in Settings.model_fields}
    strange = [
        document.problem((name,), "unknown key", nearest(name, Settings.model_fields) or _KEYS)
        for name in document.data
        if name not in known
    ]
    strange += variables.strange(Settings, PREFIX, document)
    try:
        settings = Settings(**known)
    except ValidationError as error:
        names, hooks, ignored = _as_written(known)
        strange += [
            *_wrong(error, document),
            *_contradictions(names, hooks, document),
            *_pointless(ignored, document),
        ]
        strange += _asks(known, error, document)
        raise BadInput(strange) from error
    except SettingsError as error:
        raise BadInput(
            [Problem("environment", str(error), "lists and mappings are written as JSON there")]
        ) from error
    names = [each.name for each in settings.servers]
    hooks = {name: hook.server for name, hook in settings.webhooks.items()}
    ignored = [each.ignore for each in settings.servers]
    problems = [*strange, *_contradictions(names, hooks, document), *_pointless(ignored, document)]
    if problems:
        raise BadInput(problems)
    return settings.written_in(document)


def _wrong(error: ValidationError, document: Document) -> Iterator[Problem]:
    """What is wrong, each at its line, or at the variable that says it."""
    for each, problem in zip(error.errors(), problems_of(error, document, Settings), strict=True):
        variable = variables.named(each["loc"], PREFIX)
        below = variables.below(each["loc"], PREFIX)
        if not variable and below and each["type"] == "list_type":
            mend = variables.as_json(each["loc"], PREFIX)
            yield Problem(below, "a list is not written item by item", mend)
            continue
        if "__" not in variable:
            key = problem.key
        else:
            key = ""
        mend = problem.mend
        if each["type"] == "extra_forbidden" and variable:
            mend = next((it.mend for it in variables.near(variable, Settings, PREFIX)), mend)
        told = replace(problem, where=variable, key=key, mend=mend, line=0, column=0, excerpt="")
        yield told if variable else problem


def _as_written(data: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any], list[Any]]:
    """The servers' names, the webhooks' servers and what is ignored, as far as settings that are
    wrong elsewhere show them.
    """
    servers = data.get("servers")
    hooks = data.get("webhooks")
    if isinstance(servers, list):
        whole = [each for each in servers if isinstance(each, dict)]
    else:
        whole = []
    wanted = hooks.items() if isinstance(hooks, dict) and whole else ()
    of_servers = {
        name: hook["server"] for name, hook in wanted if isinstance(hook, dict) and "server" in hook
    }
    return [each.get("name") for each in whole], of_servers, [each.get("ignore") for each in whole]


def _asks(data: Mapping[str, Any], error: ValidationError, document: Document) -> Iterator[Problem]:
    """That `asks` names no channel, where the channels are wrong themselves, so that nobody has
    looked.

    Where the environment says something of either, what is written is not all that there is.
    """
    name = data.get("asks")
    channels = data.get("channels")
    wrong = any(each["loc"][:1] == ("channels",) for each in error.errors())
    elsewhere = any(each.startswith((f"{PREFIX}ASKS", f"{PREFIX}CHANNELS")) for each in os.environ)
    if (
        wrong
        and not elsewhere
        and isinstance(name, str)
        and isinstance(channels, dict)
        and name not in channels
    ):
        yield document.problem(("asks",), name_checks.no_channel(name, channels))


def _contradictions(
    names: list[Any], hooks: Mapping[str, Any], document: Document
) -> Iterator[Problem]:
    """What is right by itself and wrong beside the rest."""
    for i, name in enumerate(names):
        if name == OURSELVES:
            what = f"a server cannot be called {name!r}: so the bridge's own events are signed"
            yield document.problem(("servers", i, "name"), what)
        if name in names[:i]:
            yield document.problem(
                ("servers", i, "name"), f"two servers are called {name!r}", "a name is one server's"
            )
    for hook, server in hooks.items():
        if server not in names:
            what = f"it belongs to server {server!r}, which is not in `servers`"
            yield document.problem(("webhooks", hook, "server"), what)


def _pointless(ignored: list[Any], document: Document) -> Iterator[Problem]:
    """What `ignore` names and no object has."""
    for i, kinds in enumerate(ignored):
        for kind, names in kinds.items() if isinstance(kinds, dict) else ():
            for j, name in enumerate(names if isinstance(names, list) else ()):
                wrong = name_checks.ignored(kind, str(name))
                if wrong:
                    yield document.problem(("servers", i, "ignore", kind, j), wrong)


def _document(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            [Problem(str(path), f"cannot be read: {error.strerror}", "name another with --config")]
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput([Problem(str(path), "is not UTF-8 text", "save it as UTF-8")]) from error
    return read(
        text, str(path), quoted=False
    )  # a setting may be a secret in clear, and problems are shown
