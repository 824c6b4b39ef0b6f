"""What expressions can call, and with what: the evaluator's own functions, and ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.expressions.syntax_tree import MACROS
from bridge.core.value_types import BYTES, DECIMAL, FLAG, KIND, LENGTH, TEXT, TIME, WHOLE, Type

_TEXTS = frozenset({"text"})
_MOMENTS = frozenset({"time"})
_PARTS = (
    "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes"
    " getSeconds getMilliseconds"
)
# of a length of time, too
_PARTS_OF = dict.fromkeys(
    ("getHours", "getMinutes", "getSeconds", "getMilliseconds"), frozenset({"time", "length"})
)


_REACH: Mapping[str, Type] = {
    name: Type("whole", reach=(least, most), said_of=said)
    for name, least, most, said in (
        ("getMonth", 0, 11, "January is 0"),
        ("getDate", 1, 31, ""),
        ("getDayOfMonth", 0, 30, "the first is 0; getDate counts from 1"),
        ("getDayOfWeek", 0, 6, "Sunday is 0"),
        ("getDayOfYear", 0, 365, "the first is 0"),
        ("getHours", 0, 23, "in UTC"),
        ("getMinutes", 0, 59, ""),
        ("getSeconds", 0, 59, ""),
        ("getMilliseconds", 0, 999, ""),
    )
}


@dataclass(frozen=True, slots=True)
class Function:
    """`of`: names of the types that it is called on, empty where it stands alone; `takes`: those of
    each argument.
    """

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
    **{
        name: Function(_REACH.get(name, WHOLE), (), _PARTS_OF.get(name, _MOMENTS))
        for name in _PARTS.split()
    },
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
