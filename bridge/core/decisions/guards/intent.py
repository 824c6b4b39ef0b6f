"""What a rule is about to do, and how a guard speaks of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.decisions.facts import RecordingFacts
from bridge.core.model import Event, Job, Json, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Rule

ACT = Verdict(Ruling.ACT)


# how long until a wait that ends by itself is looked at again
LOOK_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a rule is about to do. `ripe`: since when it may; `jobs`: what it would do; `job`: the
    one about to be tried.

    `about`: what its decision is about, which `overlap` goes by.
    """

    rule: Rule
    server: str
    events: Sequence[Event]
    decision: str
    facts: RecordingFacts
    now: datetime
    ripe: datetime
    jobs: Sequence[Job] = ()
    job: Job | None = None
    about: str = ""

    @property
    def bonds(self) -> list[int]:
        """The bonds it is about: those that its calls touch, or else those of its events."""
        jobs = [self.job] if self.job else self.jobs
        touched = {
            job.target for job in jobs if job.action == "call" and job.target.startswith("bond/")
        }
        if touched:
            return sorted(
                int(number) for each in touched if (number := each.removeprefix("bond/")).isdigit()
            )
        found = {(event.data.get("bond") or {}).get("id") for event in self.events}
        return sorted(each for each in found if isinstance(each, int))

    @property
    def legs(self) -> list[int]:
        """The legs its calls name."""
        jobs = [self.job] if self.job else self.jobs
        calls = [job.request for job in jobs if isinstance(job.request, CallRequest)]
        named = {str(call.arguments.get("leg")) for call in calls}
        return sorted(int(each) for each in named if each.isdigit())


Guard = Callable[[Intent], Verdict | None]


def skip(reason: Reason, detail: str, until: datetime | None = None) -> Verdict:
    """Not now, and not later."""
    return Verdict(Ruling.SKIP, reason, detail, until)


def wait(intent: Intent, reason: Reason, detail: str, until: datetime | None = None) -> Verdict:
    """Later: at a moment that is known, or when it is looked at again."""
    return Verdict(Ruling.WAIT, reason, detail, until or intent.now + LOOK_AGAIN)


def minute(moment: Json) -> str:
    """`"2026-03-01 02:00 UTC"`."""
    return f"{str(moment)[:16].replace('T', ' ')} UTC"
