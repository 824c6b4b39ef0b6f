"""What in an expression can never be right is said before an event comes, with how it may have been
meant.
"""

from dataclasses import replace

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import value_types
from bridge.core.events import schema
from bridge.core.events.builder import EVENTS
from bridge.core.expressions import cel_parser
from bridge.core.expressions.evaluator import compile_expression
from bridge.core.objects.object_schemas import BODIES
from bridge.core.rules.parser import parse
from bridge.core.value_types import Leaf
from bridge.core.yaml_document import read
from tests.core.builders import VOCABULARY, rules

DOWN = EVENTS["leg.down"].shape
ALSO = ("leg.down", "leg.up")


def told(source: str, shape: object = DOWN) -> list[tuple[str, str]]:
    """What is wrong with an expression that meets a leg that goes down, or up."""
    found = compile_expression(source).check(shape, ALSO)  # type: ignore[arg-type]
    return [(mistake.what, mistake.mend) for mistake in found.mistakes]


@pytest.mark.parametrize(
    ("source", "what", "mend"),
    [
        (
            'bond.id == "12"',
            "bond.id is a number and never equal to a text",
            "write 12 without quotes",
        ),
        (
            '"12" == bond.id',
            "bond.id is a number and never equal to a text",
            "write 12 without quotes",
        ),
        (
            'bond.id != "12"',
            "bond.id is a number and always different from a text",
            "write 12 without quotes",
        ),
        (
            'bond.id in ["12"]',
            "bond.id is a number and never equal to a text",
            "write 12 without quotes",
        ),
        (
            'bond.id in [3, "12"]',
            "bond.id is a number and never equal to a text",
            "write 12 without quotes",
        ),
        (
            "bond.name == 12",
            "bond.name is a text and never equal to a number",
            'write "12" in quotes',
        ),
        ("bond.name == bond.id", "bond.name is a text and never equal to a number", ""),
        (
            'leg.failover == "true"',
            "leg.failover is true or false and never equal to a text",
            "write leg.failover",
        ),
        (
            "leg.failover == 0",
            "leg.failover is true or false and never equal to a number",
            "write !leg.failover",
        ),
        (
            "bond.space == 'hq'",
            "bond.space is an object, and never equal to a text or a number; did you mean",
            "",
        ),
        (
            'leg.mode == "Idle"',
            "leg.mode is one of active, idle, offline, and never 'Idle'",
            "did you mean 'idle'?",
        ),
        (
            'leg.standing == "offline"',
            "leg.standing is one of degraded, down, up, and never 'offline'",
            "",
        ),
        (
            'leg.standing in ["down", "donw"]',
            "leg.standing is one of degraded, down, up, and never 'donw'",
            None,
        ),
        (
            'leg.standing != "dwon"',
            "leg.standing is one of degraded, down, up, and so always different from 'dwon'",
            "did you mean 'down'?",
        ),
        (
            'event.type == "leg.donw"',
            "event.type is one of leg.down, leg.up, and never 'leg.donw'",
            "did you mean 'leg.down'?",
        ),
        (
            'event.type == "leg.degraded"',
            "event.type is one of leg.down, leg.up, and never 'leg.degraded'",
            None,
        ),
        ('"stat" in event.data.changed', None, "did you mean 'state'?"),
        (
            'leg.down_speed > "5"',
            "leg.down_speed is a number and cannot be compared with a text",
            "write 5 without quotes",
        ),
        (
            '"5" < leg.down_speed',
            "leg.down_speed is a number and cannot be compared with a text",
            "write 5 without quotes",
        ),
        (
            "leg.down_speed > null",
            "leg.down_speed is a number and cannot be compared with null",
            None,
        ),
        (
            "leg.failover > leg.failover",
            "leg.failover is true or false and cannot be compared with true or false",
            "",
        ),
        (
            'bond.name in "hq vancouver"',
            '"hq vancouver" is a text, and `in` goes with a list',
            None,
        ),
        (
            "bond.name + bond.id == 'a'",
            "bond.name is a text, and + does not go with a number",
            "write string(bond.id)",
        ),
        ("leg.name - 1 == 2", "leg.name is a text, and - does not go with a number", ""),
        ("!leg.name", "leg.name is a text, and neither true nor false", None),
        ("leg.failover && leg.name", "leg.name is a text, and neither true nor false", None),
        ("leg.state ? true : false", "leg.state is a text, and neither true nor false", None),
        ("bond.id.startsWith('1')", "bond.id is a number, and startsWith goes with a text", ""),
        ("leg.name.contains(5)", "contains takes a text, and 5 is a number", ""),
        ("size(leg.id) > 1", "size takes", ""),
        ("leg.name.matches('(')", "matches cannot read '('", None),
        ("timestamp('yesterday') < timestamp(now)", "timestamp cannot read 'yesterday'", None),
        (
            "timestamp(now) - timestamp(event.time) > duration('10 minutes')",
            "duration cannot read",
            None,
        ),
        (
            "timestamp(now) - event.time > duration('1h')",
            "timestamp(now) is a moment, and - does not go with a text",
            "",
        ),
        (
            "event.time.getHours() > 8",
            "event.time is a text, and getHours goes with",
            "write timestamp(event.time).getHours()",
        ),
        (
            'timestamp(now).getHours("Europe/Berlin") > 8',
            "getHours takes no value, and here are 1",
            None,
        ),
        (
            'timestamp(now) > "2026-01-01"',
            "timestamp(now) is a moment and cannot be compared with a text",
            None,
        ),
        ("int(leg.failover) == 1", "int takes", ""),
        (
            "contains(leg.name, 'a')",
            "there is no function 'contains'; contains is called on something: x.contains(…)",
            None,
        ),
        (
            "leg.name.string() == 'a'",
            "there is no function 'string'; string stands alone: string(leg.name)",
            None,
        ),
        (
            "view.leg(bond.id).all(l, l.standing == 'up')",
            "view.leg(bond.id) is one object and no list",
            "",
        ),
        ("view.downtime_report(1).week > 3", None, ""),
        (
            "view.leg(11).standing == 'offline'",
            "view.leg(11).standing is one of degraded, down, up, and never 'offline'",
            "",
        ),
        (
            "view.leg(11).bond == '3'",
            "view.leg(11).bond is a number and never equal to a text",
            "write 3 without quotes",
        ),
        (
            "view.leg() != null",
            "view.leg takes the id of one, and here are 0 values",
            "write view.leg(ID)",
        ),
        ("view.leg(bond.space) != null", "view.leg takes an id, and bond.space is an object", ""),
        ("view.bond != null", "view.bond is looked up by its id", "write view.bond(ID)"),
        (
            "view.aggregator(3).failed == 'yes'",
            "view.aggregator(3).failed is true or false and never equal to a text",
            None,
        ),
        ("event.data['leg'].standing == 'offline'", "event.data['leg'].standing is one of", ""),
        ("events.exists(e, e.data.bond.nam == 'x')", None, ""),
        ("leg.exists(l, l.id == 3)", "leg is one object and no list", ""),
        ("leg.name.exists(c, c == 'a')", "leg.name is a text, and exists goes through a list", ""),
        ("events.exists(e.id == 3)", "exists takes a name and what is asked of each", None),
        (
            "leg.standing == 'up' && leg.standing == 'down'",
            "leg.standing cannot be both 'up' and 'down'",
            "write ||",
        ),
        (
            "leg.standing != 'up' || leg.standing != 'down'",
            "leg.standing is always different from one of",
            "write &&",
        ),
        (
            "bond.id == 3 && (leg.id == 1 && leg.id == 2)",
            "leg.id cannot be both 1 and 2",
            "write ||",
        ),
        ("bond.id / 0 > 1", "bond.id / 0 divides by zero", ""),
        ("leg.down_speed % 2 == 0", "leg.down_speed % 2: % goes with whole numbers only", None),
        (
            "known.incident == false",
            "known.incident is a text and never equal to",
            "write known.incident == null",
        ),
        (
            "timestamp(now).getDayOfWeek() == 7",
            "timestamp(now).getDayOfWeek() is 0 to 6, and never 7",
            "Sunday is 0",
        ),
        (
            "timestamp(now).getMonth() in [10, 11, 12]",
            "timestamp(now).getMonth() is 0 to 11, and never 12",
            "January is 0",
        ),
        ("timestamp(now).getHours() > 23", "timestamp(now).getHours() is 0 to 23, so", "in UTC"),
        ("24 <= timestamp(now).getHours()", "timestamp(now).getHours() is 0 to 23, so", "in UTC"),
        ("timestamp(now).getMinutes() < 0", "timestamp(now).getMinutes() is 0 to 59, so", None),
        (
            "leg.down_speed > 100 && leg.down_speed < 50",
            "leg.down_speed > 100 and leg.down_speed < 50 are",
            "write ||",
        ),
        (
            "bond.id >= 22 && leg.failover && 6 > bond.id",
            "bond.id >= 22 and 6 > bond.id are never so",
            "write ||",
        ),
        (
            "bond.name == 'hq-*'",
            "bond.name is compared letter by letter, and * stands for itself",
            None,
        ),
        ("leg.state == down", None, 'or is it a text, "down"?'),
        ("len(leg.name) > 3", "there is no function 'len'; write size(…)", None),
        (
            "known.flapping == 'no'",
            "known.flapping is true or false and never equal to a text",
            "write !known.flapping",
        ),
        (
            "known.depth == '0'",
            "known.depth is a number and never equal to a text",
            "write 0 without quotes",
        ),
        ("event.id == 7", "event.id is a text and never equal to a number", 'write "7" in quotes'),
        ("events[0].type == 'leg.donw'", None, None),
    ],
)
def test_what_can_never_be_right_is_said(source: str, what: str | None, mend: str | None) -> None:
    """One sentence: what the part is, and how it may have been meant."""
    shape = {**DOWN}
    found = told(source, shape) if "events" not in source else _of_one(source)
    assert len(found) == 1, found
    assert what is None or found[0][0].startswith(what)
    assert mend is None or found[0][1] == mend


def _of_one(source: str) -> list[tuple[str, str]]:
    found = compile_expression(source).check(DOWN, ["leg.down"])
    return [(mistake.what, mistake.mend) for mistake in found.mistakes]


@pytest.mark.parametrize(
    "source",
    [
        "bond.id == 12 || bond.id in [1, 2.0]",
        "leg.mode == 'idle' && leg.standing in ['up', 'degraded'] && leg.class != 'unknown'",
        "leg.state == 'Whatever the server writes'",
        "leg.down_speed == null || leg.down_speed * 2 > leg.up_speed / 1000",
        "leg.note != null && leg.note.matches('(?i)vip')",
        "old == null || old.standing != new.standing",
        "event.data.old.state == event.data.new.state",
        "'standing' in event.data.changed && size(event.data.changed) > 1",
        "known.incident == null && known.explained == null && known.flapping != true",
        "known.explained.startsWith('bond.restart')",
        "view.leg(11) != null && view.leg(11).standing == 'up'",
        "view.space('hq').name == 'x' && view.space(bond.space.key) != null",
        "view.node(3).outdated == true || view.settings('settings').other.anything.at.all > 3",
        "timestamp(now) - timestamp(event.time) > duration('1h')",
        (
            "timestamp(event.time).getDayOfWeek() in [1, 2] && (timestamp(now) +"
            " duration('2h')).getHours() < 8"
        ),
        "hours(event.time, 'mon-fri', '08:00', '18:00', 'America/Vancouver')",
        (
            "events.all(e, e.data.bond.space.key == 'hq') && events.map(e,"
            " e.data.bond.id).exists(i, i > 3)"
        ),
        "events.filter(e, e.data.leg.failover).size() == size(events)",
        "string(bond.id) + leg.name == '3cable' && int(leg.note) > 3 && double(leg.id) < 3.5",
        "type(leg.note) == string && dyn(leg.id) == '3'",
        "(leg.failover ? leg.name : bond.name) == 'x' && (leg.failover ? 1 : 2.5) > 1",
        "has(leg.note) && has(bond.space.key)",
        "[leg.id, bond.id].exists(x, x == 3) && {'a': 1}.a == 1 && {'a': leg.name}['a'] == 'x'",
        "leg.standing == 'up' || leg.standing == 'down' || !(leg.standing == 'up' && bond.id == 3)",
        "leg.standing != 'up' && leg.standing != 'down'",
        "between == null || true" if "between" in DOWN else "true",
        "-leg.id < 0 && !leg.failover && !!leg.failover",
        "leg.name < 'n' && bond.name >= 'a'",
        "timestamp(now).getHours() >= 22 || timestamp(now).getHours() < 6",
        (
            "timestamp(now).getHours() >= 0 && timestamp(now).getHours() <= 23 &&"
            " timestamp(now).getDayOfWeek() in [0, 6]"
        ),
        "bond.id > 3 && bond.id < 5 && bond.id > 2 && leg.id >= 5 && leg.id <= 5",
        "duration('100h').getHours() > 99",
        "r'a\\d' == leg.name // and what stands here is for people",
        '"""a "b" c""" == leg.name',
    ],
)
def test_what_may_be_right_is_let_be(source: str) -> None:
    """No alarm where something may be so."""
    assert told(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "body.bond == '3' || body.bond == 3.5",
        "body.a.b[0].c > 'x' && body.x + 1 > 2",
        "body.l.all(x, x.y == 'z')",
        "body == 3 || body.name.contains('a') && !body.flag",
        "view.bond(body.bond).id == 3",
    ],
)
def test_of_what_another_system_sends_nothing_is_said(source: str) -> None:
    """It may be anything, and so may what comes of it."""
    found = compile_expression(source).check(
        EVENTS["leg.down"].shape | {"body": schema.NOUNS["body"]}
    )
    assert found.mistakes == ()


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("leg.down_speed / 1000 > 2", "leg.down_speed / 1000.0 > 2"),
        ("2 * leg.down_speed < leg.up_speed + 5", "2.0 * leg.down_speed < leg.up_speed + 5.0"),
        ("leg.down_speed * leg.id > 5", "leg.down_speed * double(leg.id) > 5"),
        ("leg.down_speed in [5, 10]", "leg.down_speed in [5.0, 10.0]"),
        ("double(leg.id) * 2 / 3 > 1", "double(leg.id) * 2.0 / 3.0 > 1"),
        ("leg.id / 2 > 1", "leg.id / 2 > 1"),
    ],
)
def test_whole_numbers_are_decimals_beside_decimals(source: str, runs: str) -> None:
    """The evaluator does not mix them in sums; what everybody means is what runs."""
    expression = compile_expression(source)
    fitted = expression.fitted(expression.check(DOWN).source)
    assert (fitted.compiled or fitted.source) == runs
    fitted.holds({"leg": {"id": 7, "down_speed": 50.0, "up_speed": 10.0}})


def test_a_speed_can_be_reckoned_with_in_a_rule() -> None:
    """In conditions and in texts alike, also where an example gives a whole number."""
    from bridge.core.backtesting.rule_examples import failures  # noqa: PLC0415

    text = (
        "id: a\nwhen: leg.down\nif: leg.down_speed / 1000 < 1\ndo: [{notify: {to: boss, title:"
        " '${leg.down_speed / 1000} Gbit/s lost'}}]\nexamples:\n  - {given: [{type: leg.down, data:"
        " {leg: {down_speed: 50}}}], then: {verdict: act}}\n"
    )
    (one,) = rules(text)
    assert list(failures(one, VOCABULARY)) == []


_VALUES = ["leg.id", "x", "'a'", "3", "2.5", "null", "true", "size", ".exists(x,x==1)", "a.b(c)"]
_SIGNS = ["==", "!=", "&&", "||", "in", "+", "-", "!", "<", ">=", "*", "%", "/"]
_BRACKETS = ["(", ")", "[", "]", "?", ":", ",", ".", "{", "}"]
_WORDS = [*_VALUES, *_SIGNS, *_BRACKETS]


@given(st.lists(st.sampled_from(_WORDS), max_size=9))
def test_what_compiles_is_read(words: list[str]) -> None:
    """Whatever the evaluator takes has a tree, and can be checked without an error."""
    source = " ".join(words)
    try:
        cel.compile(source)
    except Exception:  # noqa: BLE001  no expression
        return
    tree = cel_parser.parse(source)
    assert source[tree.start : tree.end].strip()
    compile_expression(source).check(DOWN)


def test_every_field_has_a_type() -> None:
    """But those below which anything may stand; and each set of words is in lower case."""
    for kind, shape in {**BODIES, **schema.NOUNS}.items():
        for name, below in shape.items():
            if isinstance(below, Leaf):
                assert below.type is not value_types.ANY, f"{kind}.{name}"
                assert all(word == word.lower() for word in below.type.words)


DO = "do: [{notify: {to: boss, title: '%s'}}]"


def read_one(text: str, when: str = "leg.down", more: str = "") -> tuple[list[str], list[str]]:
    """What is wrong with a rule, and what is noted of it."""
    words = replace(VOCABULARY, servers=("hq", "east"))
    found, problems = parse(read(f"id: a\nwhen: {when}\n{more}\n{text}\n", "a.yaml"), words)
    return [each.what for each in problems], [each.what for one in found for each in one.notes]


@pytest.mark.parametrize(
    ("when", "condition", "wrong", "noted"),
    [
        (
            "leg.down",
            "server == 'main'",
            "server is one of bridge, east, hq, and never 'main'",
            None,
        ),
        (
            "leg.down",
            "event.server == 'main'",
            "event.server is one of bridge, east, hq, and never 'main'",
            None,
        ),
        ("leg.down", "server == 'hq' || event.server != 'east'", None, None),
        (
            "leg.down",
            "size(events) > 5",
            "size(events) > 5 is never so: there is one event here",
            None,
        ),
        (
            "leg.down",
            "3 <= events.size()",
            "3 <= events.size() is never so: there is one event here",
            None,
        ),
        (
            "leg.down",
            "size(events) >= 1",
            None,
            "size(events) >= 1 is always so: there is one event here",
        ),
        (
            "bond.added",
            "old.name != new.name",
            "old is always null for such an event, and has no 'name'",
            None,
        ),
        (
            "bond.removed",
            "new.name == 'x'",
            "new is always null for such an event, and has no 'name'",
            None,
        ),
        ("[bond.added, bond.changed]", "old != null && old.name != new.name", None, None),
    ],
)
def test_what_no_event_of_the_rule_can_be(
    when: str, condition: str, wrong: str | None, noted: str | None
) -> None:
    """Where it comes from, how many there are, what was before: as far as that is the same for all
    that the rule meets.
    """
    told, notes = read_one(DO % "t", when, f'if: "{condition}"')
    assert told == ([wrong] if wrong else [])
    assert notes == ([noted] if noted else [])


@pytest.mark.parametrize(
    ("title", "noted"),
    [
        ("$bond.name is down", "$bond.name"),
        ("{{ bond.name }} is down", "{{ bond.name }}"),
        ("{leg.name} of %{bond.space.key}", "{leg.name}"),
        ("${bond.name}: $5, {ok}, {x.y}, $HOME, a.b", None),
        ("${leg.down_speed > 3}", None),
        ("${leg.name + 1}", "leg.name is a text, and + does not go with a number"),
    ],
)
def test_what_is_odd_in_a_text_is_noted(title: str, noted: str | None) -> None:
    """The rule can be used: a text costs no notification; but anyone who checks it hears of it."""
    told, notes = read_one(DO % title)
    assert told == []
    assert bool(notes) == bool(noted)
    assert noted is None or notes[0].startswith(noted)


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("${bond.id == 3}", "bare"),
        ("leg.name = 'x'", "write =="),
        ("leg.name == 'x' and bond.id == 3", "write &&"),
        ("leg.failover or leg.failover", "write ||"),
        ("not leg.failover", "write !"),
        ("leg.name =~ 'x'", ".matches("),
        ("bond.id in (1, 2)", "[ ]"),
        ("leg.name == 'this and that", ""),
    ],
)
def test_what_other_languages_write_is_understood(source: str, mend: str) -> None:
    """What is no expression is said with what was meant."""
    with pytest.raises(ValueError, match="not an expression") as caught:
        compile_expression(source)
    assert mend in str(caught.value).rpartition("; ")[2]
