"""What services answered: Apprise keeps it to itself, and says only whether a message was taken."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

_LONGEST = 10_000
_WORD = re.compile("[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`wait`: the seconds it asks to be left alone for; `error`: the name of the error in an answer
    such as Slack's.
    """

    status: int
    wait: float | None = None
    error: str | None = None


_heard: ContextVar[list[HttpAnswer] | None] = ContextVar("heard", default=None)


@contextmanager
def recorded() -> Iterator[list[HttpAnswer]]:
    """The answers that come meanwhile, in their order."""
    _listen()
    answers: list[HttpAnswer] = []
    token = _heard.set(answers)
    try:
        yield answers
    finally:
        _heard.reset(token)


@cache
def _listen() -> None:
    """Apprise calls `requests` with no place for a hook of ours, so the adapter below it is
    wrapped, once in a process.
    """
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  only where something is told

    send = HTTPAdapter.send

    def hearing(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = send(self, request, *args, **kwargs)
        answers = _heard.get()
        if answers is not None:
            answers.append(HttpAnswer(response.status_code, _wait(response), _error(response)))
        return response

    HTTPAdapter.send = hearing  # type: ignore[method-assign]


def _wait(response: Any) -> float | None:
    said = response.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    try:
        # a moment of theirs
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())  # noqa: TID251
    except ValueError:
        return None


def _error(response: Any) -> str | None:
    """Slack and its like answer 200 to what they refuse, and name it."""
    if "json" not in response.headers.get("Content-Type", "") or len(response.content) > _LONGEST:
        return None
    try:
        said = json.loads(response.content)
    except ValueError:
        return None
    if isinstance(said, dict) and said.get("ok") is False:
        error = said.get("error")
    else:
        error = None
    # a word of the service's own; what else may stand there could repeat what it was asked with
    if isinstance(error, str) and _WORD.fullmatch(error):
        return error
    return None
