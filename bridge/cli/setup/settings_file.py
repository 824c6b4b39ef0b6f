"""Additions to the settings file: what a person wrote there, comments and all, stays as it is."""

import io
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from bridge import config
from bridge.cli.setup import secret_files
from bridge.core.yaml_document import read
from bridge.errors import BadInput, Problem

_INDENTED = re.compile(r"^ +- ", re.MULTILINE)


def add_webhook(path: Path, name: str, entry: dict[str, Any]) -> str:
    """Write the entry and give "", or give why not: the file is as it was then.

    What was written is read again as settings before it counts.
    """
    try:
        before = path.read_text(encoding="utf-8")
        after = with_webhook(before, name, entry)
        secret_files.write(path, after)
    except (OSError, ValueError, YAMLError) as error:
        return str(error)
    except BadInput as error:
        return "; ".join(problem.what for problem in error.problems)
    try:
        config.load(path)
    except BadInput:
        secret_files.write(path, before)
        raise
    return ""


def webhooks_of(path: Path) -> dict[str, Any]:
    """The webhooks as they are written in a settings file; none where there is no file. Raises
    BadInput where it is no YAML.
    """
    if not path.exists():
        return {}
    data = read(path.read_text(encoding="utf-8"), str(path), quoted=False).data
    if isinstance(data, dict):
        written = data.get("webhooks")
    else:
        written = None
    if isinstance(written, dict):
        return dict(written)
    return {}


def with_webhook(text: str, name: str, entry: dict[str, Any]) -> str:
    """The text of the settings with an entry more. Raises BadInput where there is one of this name,
    ValueError, YAMLError.
    """
    yaml = _yaml(text)
    data = yaml.load(text)
    if not isinstance(data, CommentedMap):
        msg = "the settings are no mapping"
        raise ValueError(msg)  # noqa: TRY004  what is wrong is the text
    line = _inserted(text, data, name, entry)
    if data.get("webhooks") is None:
        data["webhooks"] = CommentedMap()
    if name in data["webhooks"]:
        raise BadInput(
            [
                Problem(
                    "webhooks", f"there is a webhook {name!r} already", "name the new one otherwise"
                )
            ]
        )
    data["webhooks"][name] = _flow(entry)
    # a line put in leaves all others as they are; where that is not the same, such as in `webhooks:
    # {…}`, it is written anew
    if line and _plain(line) == _plain(_dumped(yaml, data)):
        return line
    return _dumped(yaml, data)


def pasted(name: str, entry: dict[str, Any]) -> str:
    """The same entry, for a person to paste below `webhooks:`."""
    return _dumped(_yaml(""), {"webhooks": {name: _flow(entry)}})


def _inserted(text: str, data: CommentedMap, name: str, entry: dict[str, Any]) -> str:
    """The text with a line more: the first of the webhooks, or below a key of their own at the end;
    or nothing.
    """
    lines = text.splitlines(keepends=True)
    there = data.get("webhooks")
    if there is None and "webhooks" not in data:
        return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{pasted(name, entry)}"
    if not isinstance(there, CommentedMap) or not there or there.fa.flow_style():
        return ""
    indent = " " * there.lc.key(next(iter(there)))[1]
    new = indent + pasted(name, entry).partition("\n")[2].strip() + "\n"
    at = data.lc.key("webhooks")[0] + 1
    return "".join([*lines[:at], new, *lines[at:]])


def _plain(text: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return None


def _yaml(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    if _INDENTED.search(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _flow(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    flow = CommentedMap({name: _flow(value) for name, value in entry.items()})
    flow.fa.set_flow_style()
    return flow


def _dumped(yaml: YAML, data: Any) -> str:
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()
