"""How single values are written in a rule file: names, lengths of time, shares, days, times of day,
zones, cron.

Each type takes what a person writes and gives the value that rules use; what it cannot take it
refuses with a mend.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bridge.core.durations import seconds

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_CRON_FIELDS = 5
_COMMAND = re.compile(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)?")
_CHOICE = re.compile(r"[a-z0-9][a-z0-9._-]*")
# what a command can take, beside choices
TAKEN = ("bond", "leg", "space", "tuning", "text")


class Strict(BaseModel):
    """A mapping with these keys and no others; the lines below its keys are their descriptions for
    editors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        """An empty `if:` would be a rule without its condition."""
        if value is None:
            raise ValueError("nothing stands here: write a value, or leave the key out")
        return value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if said := self.amiss():
            raise ValueError(said)
        return self

    def amiss(self) -> str:
        """What is wrong with its keys together, in a sentence; empty where nothing is."""
        return ""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """With its descriptions. Pydantic would read them from the source whenever anything starts;
        only editors want them.
        """
        made = handler(core)
        keys = handler.resolve_ref_schema(made).get("properties", {})
        for each in reversed(cls.__mro__[: cls.__mro__.index(Strict)]):
            for field, said in _described(each).items():
                keys[cls.model_fields[field].alias or field]["description"] = said
        return made


def _described(model: type) -> Mapping[str, str]:
    """The sentence below each field, as it stands in the source."""
    (body,) = ast.parse(inspect.getsource(model)).body
    if isinstance(body, ast.ClassDef):
        lines = body.body
    else:
        lines = []
    found = {}
    for field, below in pairwise(lines):
        match field, below:
            case [
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(said))),
            ]:
                found[name] = inspect.cleandoc(said)
    return found


_LONGEST_SLUG = 63


def slug(text: str) -> str:
    """A name that is safe in ids, addresses and file names. Raises ValueError with a mend."""
    if len(text) > _LONGEST_SLUG:
        msg = (
            f"{text[:40] + '…'!r} is too long for a name: it has {len(text)} characters, and"
            f" {_LONGEST_SLUG} are the most"
        )
        raise ValueError(msg)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text):
        msg = (
            f"{text[:40]!r} is no name: write lower-case letters, digits and dashes, such as"
            " leg-outage"
        )
        raise ValueError(msg)
    return text


def listed(value: object) -> object:
    """What may be written alone or as a list, as a list."""
    if isinstance(value, list):
        return value
    return [value]


def _share(value: object) -> tuple[float, bool]:
    """`5` → (5, False), `"5%"` → (5, True)."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return float(value), False
    if isinstance(value, str):
        found = _PERCENT.fullmatch(value)
    else:
        found = None
    if found and 0 < float(found[1]) <= 100:  # noqa: PLR2004  a hundred in a hundred
        return float(found[1]), True
    raise ValueError(f"{value!r} is neither a number of objects nor a share: write 5 or 5%")


def _percent(value: object) -> float:
    """`"50%"` → 0.5."""
    if isinstance(value, str):
        found = _PERCENT.fullmatch(value)
    else:
        found = None
    if not found or not float(found[1]):
        raise ValueError(f"{value!r} is no share: write it in percent, such as 50%")
    return float(found[1]) / 100


def _days(value: object) -> frozenset[int]:
    """`"mon-fri"`, `["mon", "wed"]`, `"daily"` → numbers of days, Monday is 0."""
    days = {
        day
        for part in (value if isinstance(value, list) else [value])
        for day in _span_of_days(part)
    }
    if not days:
        raise ValueError("no day at all: write daily, mon-fri, or a list such as [mon, wed]")
    return frozenset(days)


def _span_of_days(part: object) -> Iterator[int]:
    if part == "daily":
        yield from range(7)
        return
    first, dash, last = part.partition("-") if isinstance(part, str) else ("", "", "")
    if first not in _DAYS or (dash and last not in _DAYS):
        raise ValueError(
            f"{part!r} is no day: write daily, {', '.join(_DAYS)}, or a span such as mon-fri"
        )
    begin = _DAYS.index(first)
    end = _DAYS.index(last or first)
    yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def _clock(value: object) -> time:
    if isinstance(value, str):
        found = _CLOCK.fullmatch(value)
    else:
        found = None
    if not found:
        raise ValueError(
            f'{value!r} is no time of day: write hours and minutes from "00:00" to "23:59", in'
            " quotes"
        )
    return time(int(found[1]), int(found[2]))


def _end(value: object) -> time:
    """A day ends when the next one begins."""
    if value == "24:00":
        return time(0)
    return _clock(value)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, not a name at all, or only a part of one
        raise ValueError(
            f"there is no time zone {name[:40]!r}: write its IANA name, such as America/Vancouver"
        ) from None
    return name


def _cron(line: str) -> str:
    if len(line.split()) != _CRON_FIELDS:
        raise ValueError(
            f"{line[:40]!r} is no cron expression: write five fields, minute hour day month"
            ' weekday, such as "0 22 * * *"'
        )
    try:
        next(CronSim(line, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"{line[:40]!r} is no cron expression: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError(f"{line[:40]!r} never comes") from None
    return line


def _command(value: str) -> str:
    if not _COMMAND.fullmatch(value):
        raise ValueError(
            f"{value[:40]!r} is no command: write one or two words of lower-case letters, digits"
            " and dashes"
        )
    return value


def _taken(value: str) -> str:
    """`bond`, `text`, or `active|idle`."""
    choices = value.split("|")
    if value in TAKEN or (
        len(choices) > 1
        and all(map(_CHOICE.fullmatch, choices))
        and len(set(choices)) == len(choices)
    ):
        return value
    known = ", ".join(TAKEN)
    raise ValueError(
        f"{value[:40]!r} cannot be taken: write {known}, or choices such as active|idle"
    )


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            f"{value!r} is no moment: write date, time and offset, such as"
            ' "2026-01-05T09:00:00-08:00"'
        )
    return moment


_LENGTH = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^(\d+(\.\d+)?[smhd])+$",
        "examples": ["30s", "10m", "1h30m", "1d"],
    }
)

Duration = Annotated[float, BeforeValidator(seconds), _LENGTH]
Span = Annotated[float, BeforeValidator(seconds), Field(gt=0), _LENGTH]
Identifier = Annotated[
    str,
    AfterValidator(slug),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}),
]
Name = Annotated[str, Field(min_length=1)]
# what is to be offered for a name in the JSON Schema, where the vocabulary is known: see
# `json_schema`
EventPattern = Annotated[str, Field(min_length=1, json_schema_extra={"offers": "events"})]
EventName = Annotated[str, Field(json_schema_extra={"offers": "event"})]
OperationName = Annotated[str, Field(min_length=1, json_schema_extra={"offers": "operation"})]
ChannelName = Annotated[str, Field(min_length=1, json_schema_extra={"offers": "channel"})]
HookName = Annotated[str, Field(min_length=1, json_schema_extra={"offers": "hook"})]
Patterns = Annotated[
    list[EventPattern],
    Field(min_length=1),
    BeforeValidator(listed, json_schema_input_type=EventPattern | list[EventPattern]),
]
Globs = Annotated[
    list[Name],
    Field(min_length=1),
    BeforeValidator(listed, json_schema_input_type=Name | list[Name]),
]
Expression = Annotated[str, Field(min_length=1, json_schema_extra={"examples": ["bond.id == 3"]})]
Portion = Annotated[
    tuple[float, bool],
    BeforeValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^\d+(\.\d+)?%$"},
            ]
        }
    ),
]
Percent = Annotated[
    float,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?%$"}),
]
_DAY = f"({'|'.join(_DAYS)})"
_DAY_SCHEMA = {"type": "string", "pattern": f"^(daily|{_DAY}(-{_DAY})?)$"}
Days = Annotated[
    frozenset[int],
    BeforeValidator(_days),
    WithJsonSchema(
        {"anyOf": [_DAY_SCHEMA, {"type": "array", "items": _DAY_SCHEMA, "minItems": 1}]}
    ),
]
Clock = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}),
]
Ends = Annotated[
    time,
    BeforeValidator(_end),
    WithJsonSchema({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"}),
]
Zone = Annotated[str, AfterValidator(_zone)]
Cron = Annotated[str, AfterValidator(_cron), Field(json_schema_extra={"examples": ["0 22 * * *"]})]
CommandName = Annotated[
    str,
    AfterValidator(_command),
    WithJsonSchema({"type": "string", "pattern": f"^{_COMMAND.pattern}$"}),
]
Taken = Annotated[
    str,
    AfterValidator(_taken),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*TAKEN]},
                {"type": "string", "pattern": rf"^{_CHOICE.pattern}(\|{_CHOICE.pattern})+$"},
            ]
        }
    ),
]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
