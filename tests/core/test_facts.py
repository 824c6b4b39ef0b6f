"""Questions as they are stored with a decision. Journals of years are replayed by these words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bridge.core.decisions.fact_source import FactSource
from bridge.core.decisions.facts import QuestionedFacts, RecordedFacts, RecordingFacts
from bridge.core.model import Json, Reason, Ruling, Verdict
from tests.core.builders import Answering, memory

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = datetime(2026, 3, 1, 13, 0, 0, 250, tzinfo=timezone(timedelta(hours=1)))

# what is asked, and the words by which the answer is stored
STORED: dict[str, tuple[Callable[[FactSource], Any], str]] = {
    "spaces": (lambda facts: facts.spaces("demo"), "spaces demo"),
    "cooldown": (lambda facts: facts.cooldown("3f9a"), "cooldown 3f9a"),
    "group": (lambda facts: facts.group("r", "demo", '{"a":1}'), 'group r demo {"a":1}'),
    "counted": (
        lambda facts: facts.counted("r", "demo", "7", SINCE, UNTIL),
        "counted r demo 7 2026-03-01T12:00:00+00:00 2026-03-01T13:00:00.000250+01:00",
    ),
    "came": (
        lambda facts: facts.came("r", "demo", "null", SINCE, UNTIL),
        "came r demo null 2026-03-01T12:00:00+00:00 2026-03-01T13:00:00.000250+01:00",
    ),
    "running": (lambda facts: facts.running("r", "demo", "leg/7"), "running r demo leg/7"),
    "tripped": (lambda facts: facts.tripped("r", "demo"), "tripped r demo"),
    "paused": (lambda facts: facts.paused("demo"), "paused demo"),
    "silence": (lambda facts: facts.silence("e1"), "silence e1"),
    "was_silenced": (lambda facts: facts.was_silenced("d", "j"), "was_silenced d j"),
    "answered": (lambda facts: facts.answered("q"), "answered q"),
    "notification": (lambda facts: facts.notification("j"), "telling j"),
    "hands_off": (lambda facts: facts.hands_off("demo", 3), "hands_off demo 3"),
    "calm_at": (lambda facts: facts.calm_at("demo", 7), "calm_at demo 7"),
    "incident": (lambda facts: facts.incident("i1"), "incident i1"),
    "updates": (lambda facts: facts.updates("demo"), "updates demo"),
    "remedied": (
        lambda facts: facts.remedied("r", "demo", "leg/7", SINCE),
        "remedied r demo leg/7 2026-03-01T12:00:00+00:00",
    ),
    "touched": (
        lambda facts: facts.touched("r", "demo", "bond", SINCE),
        "touched r demo bond 2026-03-01T12:00:00+00:00",
    ),
    "size": (lambda facts: facts.size("demo", "bond"), "size demo bond"),
    "open_calls": (lambda facts: facts.open_calls("demo", "bond/3"), "open_calls demo bond/3"),
    "view": (lambda facts: facts.view("demo", "leg", None), "view demo leg None"),
    "shown": (lambda facts: facts.shown("e1"), "shown e1"),
    "ended": (lambda facts: facts.ended("e1"), "ended e1"),
    "begun": (lambda facts: facts.begun("d", "e1"), "begun d e1"),
    "shaken": (
        lambda facts: facts.shaken("demo", 3, SINCE),
        "shaken demo 3 2026-03-01T12:00:00+00:00",
    ),
    "tuning": (
        lambda facts: facts.tuning("demo", "bond_tuning", 9, 3),
        "tuning demo bond_tuning 9 3",
    ),
}


def test_every_question_is_in_the_table() -> None:
    """One that is added says here how it is stored."""
    asked = {name for name in vars(QuestionedFacts) if not name.startswith("_")}
    assert asked == STORED.keys()


@pytest.mark.parametrize("name", STORED)
def test_a_question_is_recorded_and_answered_by_its_stored_words(name: str) -> None:
    """The recorder asks once and keeps the answer; a replay finds it, and nothing else."""
    ask, words = STORED[name]
    counted: list[str] = []

    class Counting(Answering):
        def _answer(self, ask: Any, *question: Json) -> Any:  # noqa: ARG002  asks nobody
            counted.append(question[0])
            return {"to": question[0]}

    facts = RecordingFacts(Counting({}))
    assert ask(facts) == ask(facts) == {"to": words.partition(" ")[0]}
    assert len(counted) == 1
    assert list(facts.recorded()) == [words]
    assert ask(RecordedFacts({words: {"to": "me"}})) == {"to": "me"}
    with pytest.raises(KeyError, match=words.partition(" ")[0]):
        ask(RecordedFacts({"something else": None}))


def test_what_is_known_beside_questions_is_stored_by_its_own_words() -> None:
    """An approval that is needed, the place among limits, a cooldown that a group holds, and
    expressions that a clock stopped.
    """
    facts = RecordingFacts(Answering({}))
    assert facts.recorded() == {}
    assert not facts.needs_approval
    facts.note_approval(needed=True)
    facts.reserve_cooldown("3f9a", "d")
    full = Verdict(Ruling.WAIT, Reason.RATE, "2 calls in 1h are made (rule a)", SINCE)
    facts.note_place(full)
    facts.expressions.stopped |= {"b", "a"}
    recorded = facts.recorded()
    assert facts.needs_approval
    assert recorded == {
        "needs approval": True,
        "cooldown 3f9a": {"by": "d", "ended_at": None},
        "place": {
            "ruling": "wait",
            "reason": "rate",
            "detail": "2 calls in 1h are made (rule a)",
            "until": "2026-03-01T12:00:00+00:00",
        },
        "took too long": ["a", "b"],
    }
    replayed = RecordedFacts(recorded)
    assert replayed.place() == full
    assert replayed.budget().stopped == {"a", "b"}
    assert RecordedFacts({}).place() is None


def test_a_dry_run_knows_nothing_of_people_and_settings() -> None:
    """Nothing is paused, silenced or switched off; rules may act everywhere."""
    facts = RecordingFacts(memory())
    for name in ("spaces", "tripped", "paused", "silence", "was_silenced", "answered"):
        assert STORED[name][0](facts) is None
    for name in ("notification", "updates", "shaken"):
        assert STORED[name][0](facts) is None
