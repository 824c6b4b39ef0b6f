"""One spelling for one value, so that equal things hash alike on every machine and in every run."""

import hashlib
import json

from bridge.core.model import Json

# hex digits: 96 bits, far past any collision at this project's counts, still short enough to type
_LENGTH = 24


def canonical(value: Json) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def identity(*parts: Json) -> str:
    """A stable id for these parts: 24 hex digits."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:_LENGTH]
