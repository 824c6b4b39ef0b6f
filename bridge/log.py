"""Log lines for people, on standard output: what happened, then the details as key=value."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def _only_loud_levels(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An ordinary line needs no label."""
    del logger
    return line if method in ("info", "debug") else {**line, "level": method}


def configure(level: str = "INFO") -> None:
    """Set up this process's log. Foreign libraries speak up from WARNING on."""
    chosen = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _only_loud_levels,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False, sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stdout, force=True)
