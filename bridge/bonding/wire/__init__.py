"""The vendor's JSON ↔ our objects. No I/O, and every guess about a field's spelling lives here and
nowhere else.

Whatever is not understood is carried: an unknown state stays as it is spelt, an unknown field stays
in `raw`, and in `other` where it is configuration. Only an object that cannot be told from others
(no id) makes the whole answer unusable.
"""

from bridge.bonding.wire.certificates import described
from bridge.bonding.wire.normalise import normalise
from bridge.bonding.wire.options_metadata import Fields, fields_of
from bridge.bonding.wire.parsers import moment, reference, space_key
from bridge.bonding.wire.requests import Request, refusal, request, wrong_argument
from bridge.bonding.wire.secret_digests import hidden
from bridge.bonding.wire.state_history import Run, runs
from bridge.bonding.wire.unknown_fields import Strange, strange

__all__ = [
    "Fields",
    "Request",
    "Run",
    "Strange",
    "described",
    "fields_of",
    "hidden",
    "moment",
    "normalise",
    "reference",
    "refusal",
    "request",
    "runs",
    "space_key",
    "strange",
    "wrong_argument",
]
