"""What accepted tunings changed is put back: by a person, with the values that were kept before the
call was made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import RowMapping

from bridge.bonding import operation_aliases
from bridge.bonding.client import Client
from bridge.bonding.wire import normalise
from bridge.core.events.operator_events import Deed
from bridge.core.model import Body, JobState, Json
from bridge.errors import BadInput, Problem
from bridge.pipeline.controls.manual_calls import HandCall, ManualCalls
from bridge.store.database import Database
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions import undo_log
from bridge.store.observations import audit_log

_MOST = 100

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a tuning: `call` puts it back; `values` by field: as it is now, and as it was
    before.
    """

    name: str
    call: Body
    values: Mapping[str, tuple[Json, Json]]

    @property
    def differs(self) -> bool:
        """Whether there is anything to put back."""
        return any(now != before for now, before in self.values.values())

    def __str__(self) -> str:
        told = ", ".join(
            f"{field} {now} → {before}" for field, (now, before) in self.values.items()
        )
        return f"leg {self.name}: {told}"


@dataclass(frozen=True, slots=True)
class Undo:
    """What can be put back of one job; `row`: job, server, at, undone_at, undone_by."""

    row: RowMapping
    state: JobState
    legs: Sequence[Leg]


class TuningUndo:
    """`clients` by server; `now` is domain time."""

    def __init__(
        self,
        database: Database,
        clients: Mapping[str, Client],
        now: Callable[[], datetime],
        hands: ManualCalls,
    ) -> None:
        self._database = database
        self._clients = clients
        self._now = now
        self._hands = hands

    def every(self) -> list[Body]:
        """What accepted tunings changed, newest first: the job's row, what it called, and the
        values before it, by leg.
        """
        with self._database.reading() as connection:
            rows = undo_log.every(connection, _MOST)
            jobs = {row["job"]: job_store.get(connection, row["job"]) for row in rows}
        return [
            {
                **{name: row[name] for name in ("job", "server", "at", "undone_at", "undone_by")},
                "rule": jobs[row["job"]].rule,
                "state": jobs[row["job"]].state,
                "called": jobs[row["job"]].request.stored(),
                "before": {str(call["arguments"]["leg"]): call["body"] for call in row["calls"]},
            }
            for row in rows
        ]

    def look(self, beginning: str) -> Undo:
        """What would be put back of the job whose id begins so, beside how it is now: that is read
        from the server.

        Raises BadInput if it is not one, and what reading raises.
        """
        with self._database.reading() as connection:
            rows = undo_log.get(connection, beginning)
            if len(rows) != 1:
                what = (
                    f"{'several' if rows else 'no'} jobs with a tuning to put back have an id that"
                    f" begins with {beginning!r}"
                )
                if rows:
                    mend = "give more of it"
                else:
                    mend = "see `bondbridge tuning list`"
                raise BadInput([Problem("tuning undo", what, mend)])
            job = job_store.get(connection, rows[0]["job"])
        client = self._client(rows[0]["server"])
        return Undo(rows[0], job.state, [_leg(client, call) for call in rows[0]["calls"]])

    def put_back(self, found: Undo, leg: Leg, who: str, place: str, *, override: bool) -> None:
        """Put one leg's values back. Safe to repeat. Raises what calling raises."""
        client = self._client(found.row["server"])
        name, arguments = operation_aliases.resolve(
            leg.call["operation"], leg.call["arguments"], client.read
        )
        body = leg.call["body"]
        wanted = HandCall(found.row["server"], name, arguments, body, who, place, override)
        self._hands.call(wanted, lambda: client.call(name, arguments, body=body))
        log.info("put back", job=found.row["job"], leg=leg.name)

    def done(self, found: Undo, who: str, place: str = "") -> bool:
        """Every leg was put back; False if somebody noted that before."""
        with self._database.writing() as connection:
            noted = undo_log.undone(connection, found.row["job"], who, self._now())
            if noted:
                about = f"job/{found.row['job']}"
                deed = Deed("tuning_undone", who, place, about, server=found.row["server"])
                audit_log.record(connection, deed, self._now())
            return noted

    def _client(self, server: str) -> Client:
        if server not in self._clients:
            raise BadInput(
                [Problem("tuning undo", f"the server {server!r} is not in the settings any more")]
            )
        return self._clients[server]


def _leg(client: Client, call: Body) -> Leg:
    number = call["arguments"]["leg"]
    before = call["body"]
    seen = normalise("leg", client.read("leg.get", leg=number), b"").body
    if seen.get("name"):
        name = f"{number} ({seen['name']})"
    else:
        name = str(number)
    return Leg(name, call, {field: (seen.get(field), value) for field, value in before.items()})
