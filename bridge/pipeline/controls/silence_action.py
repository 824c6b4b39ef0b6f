"""`silence`: a rule's step that begins a silence. It acts on the bridge itself, so it stands here
and not with the actions.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bridge.actions.action import FireAndForgetAction, Result
from bridge.core import spaces
from bridge.core.durations import seconds, spoken
from bridge.core.model import Event, Outcome
from bridge.core.requests import RuleSilenceRequest
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.observations import events as event_store


class Silence(FireAndForgetAction[RuleSilenceRequest]):
    """`request`: `{"types": ["leg.*"], "per": "bond", "for": "2h", "acts": false, "event": id}`;
    `now` is domain time.

    Safe to repeat: of the same words from the same event there is one silence.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def send(self, server: str, request: RuleSilenceRequest) -> Result:
        """Begin it."""
        now = self._now()
        if isinstance(request.length, str):
            length = seconds(request.length)
        else:
            length = request.length
        with self._database.writing() as connection:
            event = event_store.get(connection, request.event)
            types = list(request.types or [event.type])
            about = _about(event, request.per)
            until = now + timedelta(seconds=length)
            who = "a rule"
            why = f"after event {event.id[:8]}"
            controls.silence(
                connection,
                server,
                types,
                about,
                event.seen_at,
                until,
                who,
                why,
                acts=request.acts,
            )
        return Result(
            Outcome.DONE, f"{', '.join(types)} of {about or server} silenced for {spoken(length)}"
        )


def _about(event: Event, per: str) -> str:
    """`"bond/3"`, `"leg/12"`, `"space/acme"`, or "" for the whole server; where that is not known,
    just what the event is about.
    """
    if per == "server":
        return ""
    if per == "space":
        keys = spaces.named(event)
        return next((f"space/{key}" for key in keys if key and len(keys) == 1), event.subject)
    noun = event.data.get(per) or {}
    return f"{per}/{noun['id']}" if noun.get("id") is not None else event.subject
