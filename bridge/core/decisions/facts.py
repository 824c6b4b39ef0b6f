"""What a verdict is made from: questions and their answers, all of them kept.

Guards ask; whoever judges hands in what answers. In the pipeline that is the database, in `rules
test` a rehearsal, in a replay the answers as they were kept. So a verdict can be explained, and
made again, exactly (law 9).
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.core.expressions.cost_limit import Budget
from bridge.core.model import Json

# (what is asked, about what) → plain data
Source = Callable[..., Json]

# the expressions that a clock has stopped
STOPPED = "took too long"


class Facts:
    """Asks each question once and keeps the answer. `answers`: by question, such as `"cooldown
    3f9a…"`.

    `budget`: what the expressions of the verdict may cost. A source that has a clock, `ticking`,
    bounds it by time, too; what that has stopped is kept, so that it is stopped whenever the
    verdict is made again.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.answers: dict[str, Json] = {}
        self.budget = Budget(getattr(source, "ticking", None), set(getattr(source, "stopped", ())))

    def kept(self) -> dict[str, Json]:
        """All answers, as they are kept with the verdict."""
        if self.budget.stopped:
            stopped = {STOPPED: sorted(self.budget.stopped)}
        else:
            stopped = {}
        return {**self.answers, **stopped}

    def ask(self, what: str, *about: Json) -> Json:
        """The answer, as plain data; None where there is nothing."""
        question = asked(what, *about)
        if question not in self.answers:
            self.answers[question] = self._source(what, *about)
        return self.answers[question]

    def moment(self, what: str, *about: Json) -> datetime | None:
        """An answer that is a moment."""
        answer = self.ask(what, *about)
        if answer is None:
            return None
        return datetime.fromisoformat(answer)


def asked(what: str, *about: Json) -> str:
    """`asked("hands_off", "demo", 3)` → `"hands_off demo 3"`."""
    return " ".join((what, *(str(each) for each in about)))


class Recorded:
    """Answers as they were kept. Raises KeyError for a question that was not asked then."""

    def __init__(self, answers: Mapping[str, Json]) -> None:
        self._answers = answers
        self.stopped = answers.get(STOPPED, ())

    def __call__(self, what: str, *about: Json) -> Json:
        """Answers one question."""
        return self._answers[asked(what, *about)]


def nothing(_what: str, *_about: Json) -> Json:
    """Knows of nothing: no cooldown held, nobody at work, nothing paused."""
    return None
