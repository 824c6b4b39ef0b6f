"""What a rule listens to: `when`, `for` and `still`, and the tests that its condition begins
with.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from bridge.core.events.builder import OURSELVES
from bridge.core.expressions.evaluator import Expression
from bridge.core.objects.object_schemas import Schema
from bridge.core.rules import parse_chat, schedules
from bridge.core.rules.models.rule import (
    AbsentModel,
    CountModel,
    GroupModel,
    RuleModel,
    ScheduleModel,
    ShapeModel,
)
from bridge.core.rules.parse_context import ParseContext, Shapes
from bridge.core.rules.rule import Absent, Count, Group, Schedule
from bridge.core.value_types import Leaf, Type

Shape = Count | Absent | Schedule
Test = tuple[tuple[str, ...], str | int | bool | None]

DUE = "schedule.due"
_NEARBY = 5


def types_of(reading: ParseContext, model: RuleModel) -> frozenset[str]:
    """The event types that the rule meets; from now on its expressions are checked against
    these.
    """
    if isinstance(model.when, ShapeModel) and model.when.chat:
        reading.shapes = parse_chat.shapes_of(model.when.chat)
        reading.chats = True
        reading.takes = tuple(model.when.chat.takes)
        return frozenset({parse_chat.COMMAND})
    if not isinstance(model.when, ShapeModel):
        types = reading.types(model.when, "when")
    elif model.when.count:
        types = reading.types(model.when.count.of, "when", "count", "of")
    elif model.when.absent:
        types = reading.types(model.when.absent.after, "when", "absent", "after")
    elif model.when.schedule:
        types = frozenset({DUE})
    else:
        types = frozenset()
    reading.shapes = _shapes(reading, types)
    return types


def shape_of(reading: ParseContext, model: RuleModel) -> Shape | None:
    """What `when` is beside a list of types; a command is read by `parse_chat`."""
    if not isinstance(model.when, ShapeModel):
        return None
    if model.when.count:
        return _count(reading, model.when.count)
    if model.when.absent:
        return _absent(reading, model.when.absent)
    if model.when.schedule:
        return _schedule(reading, model.when.schedule)
    return None


def _schedule(reading: ParseContext, schedule: ScheduleModel) -> Schedule:
    here = ("when", "schedule")
    known = reading.vocabulary.servers
    if schedule.server not in (None, schedules.EACH) and known:
        reading.named(
            str(schedule.server), known, "server", "name one of the settings", *here, "server"
        )
    if schedule.cron:
        either = schedules.either_day(schedule.cron)
    else:
        either = ""
    if either:
        mend = (
            "for days of one week in a month, name the weekday alone and write if:"
            " timestamp(event.time).getDate() <= 7"
        )
        reading.note((*here, "cron"), either, mend)
    return Schedule(schedule.cron, schedule.zone, schedule.server)


def _count(reading: ParseContext, count: CountModel) -> Count:
    return Count(count.over, count.at_least, reading.expression(count.per, "when", "count", "per"))


def _absent(reading: ParseContext, absent: AbsentModel) -> Absent:
    types = reading.types(absent.of, "when", "absent", "of")
    both = types & reading.shapes.keys()
    if both:
        what = f"{min(both)} cannot both begin the time and end it"
        reading.say(("when", "absent", "of"), what, "name other events in `of` than in `after`")
    shapes = {**reading.shapes, **_shapes(reading, types)}
    return Absent(
        types, absent.within, reading.expression(absent.per, "when", "absent", "per", shapes=shapes)
    )


def group_of(reading: ParseContext, model: RuleModel) -> Group | None:
    """Which events are one; a count is a group already, and the clock and people call one by
    one.
    """
    group: GroupModel | None = model.group
    if group is None:
        return None
    if isinstance(model.when, ShapeModel) and (
        model.when.count or model.when.schedule or model.when.chat
    ):
        reading.say(
            ("group",),
            "`group` goes with event names and with `absent`",
            "leave one of the two out",
        )
    return Group(reading.expression(group.by, "group", "by"), group.wait, group.most)


def check_lasting(reading: ParseContext, model: RuleModel, types: frozenset[str]) -> None:
    """`for` and `still` speak of what lasts."""
    for key, given in (("for", model.lasts), ("still", model.still)):
        if given and isinstance(model.when, ShapeModel):
            reading.say(
                (key,),
                f"`{key}` goes with event names, not with a `when` of another shape",
                "leave one of the two out",
            )
        elif given:
            _refuse_momentary(reading, key, types, (key,))
    _check_followed(reading, model, types)


def _check_followed(reading: ParseContext, model: RuleModel, types: frozenset[str]) -> None:
    """What is followed has an end: one event, that lasts."""
    for i, step in enumerate(model.do):
        for j, remedy in enumerate(step.on_failure or ()):
            if remedy.notify is not None and remedy.notify.follow is not None:
                what = (
                    "`follow` tells the end of what the rule listens to, and this tells of a call"
                    " that failed"
                )
                below = ("do", i, "on_failure", j, "notify", "follow")
                reading.say(
                    below, what, "leave it out, or write it below a `notify` of its own in `do`"
                )
        if step.notify is None or step.notify.follow is None:
            continue
        place = ("do", i, "notify", "follow")
        if isinstance(model.when, ShapeModel) or model.group is not None:
            what = (
                "`follow` goes with event names, one by one: of many things together there is no"
                " one end"
            )
            reading.say(
                place,
                *(
                    _unfollowed(model.when)
                    if isinstance(model.when, ShapeModel)
                    else (what, _UNGROUP)
                ),
            )
        else:
            _refuse_momentary(reading, "follow", types, place)


_UNGROUP = "leave it out, or leave `group` out"


def _unfollowed(when: ShapeModel) -> tuple[str, str]:
    """Why what such a `when` tells cannot be followed, and what to write instead."""
    if when.schedule:
        return (
            "`follow` goes with event names: what comes by the clock is over at once",
            "leave it out",
        )
    if when.chat:
        return (
            "`follow` goes with event names: a command is over as soon as it is said",
            "leave it out",
        )
    if when.absent:
        what = (
            "`follow` goes with event names: that something does not come has no end that could be"
            " told"
        )
        return (
            what,
            (
                "leave it out; the end may be a rule of its own, whose `when` names the event that"
                " was missed"
            ),
        )
    what = "`follow` goes with event names, one by one: of many things together there is no one end"
    return what, "leave it out, or name the events in `when` instead of counting them"


def all_last(reading: ParseContext, types: frozenset[str]) -> bool:
    """Whether every one of these events begins something that lasts."""
    return bool(types) and not _momentary(reading, types)


def _refuse_momentary(
    reading: ParseContext, key: str, types: frozenset[str], place: tuple[str | int, ...]
) -> None:
    momentary = _momentary(reading, types)
    if momentary:
        if len(momentary) > 1:
            more = f" and {len(momentary) - 1} more"
        else:
            more = ""
        what = (
            f"`{key}` needs events that last: {momentary[0]}{more} is over as soon as it has"
            " happened"
        )
        reading.say(
            place,
            what.replace(" is over", " are over") if more else what,
            f"these last: {_near(reading, momentary[0])}",
        )


def _momentary(reading: ParseContext, types: Iterable[str]) -> list[str]:
    known = reading.vocabulary.event_types
    return [name for name in sorted(types) if not known[name].ends]


def _near(reading: ParseContext, name: str) -> str:
    """Lasting events of the same family, or else of all."""
    lasting = [each for each, row in reading.vocabulary.event_types.items() if row.ends]
    family = [each for each in lasting if each.partition(".")[0] == name.partition(".")[0]]
    return ", ".join((family or lasting)[:_NEARBY])


def _shapes(reading: ParseContext, types: Iterable[str]) -> Shapes:
    known = reading.vocabulary.event_types
    shapes: dict[str, Schema] = {
        name: _here(known[name].shape, reading.vocabulary.servers) for name in sorted(types)
    }
    return shapes


def _here(shape: Schema, servers: Sequence[str]) -> Schema:
    """The same, with the servers that there are: no event comes from another."""
    if not servers:
        return shape
    one = Leaf(Type("text", frozenset({*servers, OURSELVES})))
    return {**shape, "server": one, "event": {**shape["event"], "server": one}}


_TOKEN = re.compile(
    r"""//[^\n]*|[rRbB]*(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|&&|\|\||==|[\w.]+|\S"""
)
_EQUALITY = re.compile(
    r"""([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) == """
    r"""(?:(-?\s?\d+)|(true|false|null)|"([^"\\]*)"|'([^'\\]*)')"""
)
# what may be null, and what is no part of the event
_UNSURE = frozenset({"old", "new", "now"})
_WORDS = {"true": True, "false": False, "null": None}


def tests_for(reading: ParseContext, condition: Expression | None) -> tuple[Test, ...]:
    """The equalities that a condition begins with, of what is sure to be there in every event of
    the rule.

    Where something may be missing, as in what another system sends, a condition fails instead of
    not holding.
    """
    if condition:
        found = equalities(condition.source)
    else:
        found = ()
    return tuple(
        test for test in found if all(_sure(shape, test[0]) for shape in reading.shapes.values())
    )


def _sure(shape: Schema, path: tuple[str, ...]) -> bool:
    here: Schema | None = shape
    for part in path:
        if here is not None and part not in _UNSURE:
            here = here.get(part)
        else:
            here = None
    return here is not None and "*" not in here


def equalities(source: str) -> tuple[Test, ...]:
    """`a.b == "x" && c > 1` → `((("a", "b"), "x"),)`: the equalities that a condition begins with
    and cannot hold without.
    """
    conjuncts = list(_conjuncts(source))
    found = (_EQUALITY.fullmatch(conjunct) for conjunct in conjuncts)
    return tuple(
        _test(match) for match in takewhile(lambda match: match is not None, found) if match
    )


def _test(match: re.Match[str]) -> Test:
    path, number, word, double, single = match.groups()
    value: str | int | bool | None
    if number is not None:
        value = int(number.replace(" ", ""))
    else:
        value = _WORDS[word] if word is not None else (double if double is not None else single)
    return tuple(path.split(".")), value


def _conjuncts(source: str) -> Iterator[str]:
    """The parts of a condition between its outermost `&&`, tokens apart by one space; none where it
    is no conjunction.
    """
    depth = 0
    part = list[str]()
    parts = list[str]()
    for word in _TOKEN.findall(source):
        depth += (word in "([{") - (word in ")]}")
        if depth == 0 and word in ("||", "?"):
            return
        if depth == 0 and word == "&&":
            parts = [*parts, " ".join(part)]
            part = []
        elif not word.startswith("//"):
            part.append(word)
    yield from (*parts, " ".join(part))
