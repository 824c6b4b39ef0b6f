"""What expressions can call, and with what: the evaluator's own functions, and ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.syntax import MACROS
from bridge.core.types import BYTES, DECIMAL, FLAG, KIND, LENGTH, TEXT, TIME, WHOLE, Type

_TEXTS = frozenset({"text"})
_MOMENTS = frozenset({"time"})
_PARTS = "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds"
# of a length of time, too
_OF_LENGTH = frozenset({"getHours", "getMinutes", "getSeconds", "getMilliseconds"})


@dataclass(frozen=True, slots=True)
class Function:
    """`of`: names of the types that it is called on, empty where it stands alone; `takes`: those of each argument."""

    gives: Type
    takes: tuple[frozenset[str], ...] = ()
    of: frozenset[str] = frozenset()


def _of_text(gives: Type) -> Function:
    return Function(gives, (_TEXTS,), _TEXTS)


def _made(gives: Type, *names: str) -> Function:
    return Function(gives, (frozenset(names),))


# called on something: `bond.name.contains("hq")`
METHODS: Mapping[str, Function] = {
    **dict.fromkeys(("contains", "startsWith", "endsWith", "matches"), _of_text(FLAG)),
    **{name: Function(WHOLE, (), _MOMENTS | ({"length"} if name in _OF_LENGTH else set())) for name in _PARTS.split()},
    "size": Function(WHOLE, (), frozenset({"text", "bytes", "list", "object", "mapping"})),
}
# standing alone: `size(events)`
ALONE: Mapping[str, Function] = {
    "size": _made(WHOLE, "text", "bytes", "list", "object", "mapping"),
    "int": _made(WHOLE, "text", "whole", "decimal"),
    "uint": _made(WHOLE, "text", "whole", "decimal"),
    "double": _made(DECIMAL, "text", "whole", "decimal"),
    "string": _made(TEXT, "text", "bytes", "whole", "decimal", "time", "length"),
    "bytes": _made(BYTES, "text"),
    "type": Function(KIND, (frozenset(),)),
    "timestamp": _made(TIME, "text"),
    "duration": _made(LENGTH, "text"),
    "hours": Function(FLAG, (frozenset({"text", "time"}), *(_TEXTS,) * 4)),
}
# everything that an expression can call by itself
NAMES = frozenset({*METHODS, *ALONE, *MACROS, "has", "dyn"})
