"""Whether a notice is still true at the moment at which it is sent, however long it waited."""

from datetime import datetime

from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards.intent import skip
from bridge.core.events.builder import EVENTS
from bridge.core.model import Event, Job, Reason, Ruling, Verdict
from bridge.core.requests import NoticeRequest, PostRequest


def notice(job: Job, event: Event, facts: RecordingFacts, *, mutes: bool) -> Verdict | None:
    """What stands against sending it now. `mutes`: a silence holds it back.

    That something is over is always told to those who know that it began.
    """
    request = job.request
    if isinstance(request, PostRequest):
        return _answered(request.asks, facts) if request.asks else None
    if not isinstance(request, NoticeRequest) or request.over:
        return None
    if request.asks:
        return _answered(request.asks, facts)
    if request.reminds:
        against = _settled(request.reminds, facts)
    else:
        against = None
    if against is None and mutes:
        against = _silenced(job, event, facts)
    return against


def lasts(job: Job, event: Event, facts: RecordingFacts) -> bool:
    """Whether a notice tells of something that is followed and not over: then it does not grow
    old.
    """
    request = job.request
    if not isinstance(request, NoticeRequest) or request.follow is None or request.over:
        return False
    return facts.ended(event.id) is None


def _answered(question: str, facts: RecordingFacts) -> Verdict | None:
    said = facts.answered(question)
    return skip(Reason.ENDED, f"it was {said} before it could be asked here") if said else None


def _settled(telling: str, facts: RecordingFacts) -> Verdict | None:
    told = facts.notification(telling)
    if told is None:
        return None
    if told["ended_at"]:
        return skip(Reason.ENDED, "it is over")
    if told["acked_by"]:
        return skip(Reason.ACKNOWLEDGED, f"{told['acked_by']} acknowledged it")
    return None


def _silenced(job: Job, event: Event, facts: RecordingFacts) -> Verdict | None:
    """A silence that was set while it waited: what lasts is told after it, if it still does."""
    held = facts.silence(event.id)
    row = EVENTS.get(event.type)
    if held is not None:
        detail = (
            f"silenced by {held['who']} until {held['until'][:16].replace('T', ' ')} UTC:"
            f" {held['why']}"
        )
        if not row or not row.ends:
            return skip(Reason.SILENCED, detail)
        return Verdict(Ruling.WAIT, Reason.SILENCED, detail, datetime.fromisoformat(held["until"]))
    if facts.was_silenced(job.decision, job.id) and facts.ended(event.id) is not None:
        return skip(Reason.ENDED, "it was silenced, and over when the silence was")
    return None
