"""How long a backtest of a generated journal takes: `python -m benchmarks.backtest [EVENTS]`.

The journal: legs of 2,000 bonds go down and come back, evenly over seven days. The shipped rules
are tried on it.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.progress import track
from sqlalchemy import insert

from bridge import config
from bridge.actions import call_permissions
from bridge.bonding.wire import wrong_argument
from bridge.core.events import builder
from bridge.core.model import Event
from bridge.core.rules.parser import Vocabulary
from bridge.pipeline.backtest.backtester import Backtester
from bridge.rulebook import load
from bridge.store import migrate
from bridge.store.database import Database
from bridge.store.tables import events as rows

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
BONDS = 2_000
ROOT = Path(__file__).parent.parent


def _happened(count: int) -> Iterator[Event]:
    for n in range(count):
        turn = n // 2 % 2
        bond = n // 4 % BONDS + 1
        name, state = ("leg.up", "up") if n % 2 else ("leg.down", "down")
        leg = {
            "id": bond * 2 + turn,
            "name": "cable",
            "bond": bond,
            "state": state,
            "class": state,
            "standing": state,
        }
        noun = {
            "id": bond,
            "name": f"bond {bond}",
            "space": {"id": 1, "key": "acme"},
            "condition": "degraded",
            "primary": 1,
        }
        at = BEGIN + WEEK * (n / count)
        data = {"old": leg, "new": leg, "leg": leg, "bond": noun, "between": None}
        row = builder.EVENTS[name]
        yield builder.make(
            row, server="hq", subject=f"leg/{leg['id']}", n=n, time=at, seen_at=at, data=data
        )


def _journal(folder: str, count: int) -> Database:
    database = Database(f"sqlite:///{folder}/journal.sqlite3")
    migrate.migrate(database, ROOT / "migrations")
    names = ("id", "type", "server", "subject", "time", "seen_at", "data", "exact")
    with database.writing() as connection:
        made = [
            {
                **{name: getattr(event, name) for name in names},
                "data": dict(event.data),
                "decided": True,
                "known": {},
            }
            for event in track(_happened(count), "writing the journal", total=count)
        ]
        connection.execute(insert(rows), made)
    return database


def main() -> None:
    """Print how long it took, how much memory, and whether a second run is the same."""
    if len(sys.argv) > 1:
        count = int(sys.argv[1])
    else:
        count = 100_000
    words = Vocabulary(
        call_permissions.callable_operations(),
        {"noc": 1},
        frozenset({"demo"}),
        call_permissions.taking(),
        call_permissions.refused([]),
        wrong_argument,
    )
    book = load([config.shipped("rules")], words)
    with tempfile.TemporaryDirectory() as folder:
        database = _journal(folder, count)
        backtester = Backtester(database, lambda _server: True, {})
        texts = []
        for _ in range(2):
            begin = time.perf_counter()
            found = backtester.against(book, BEGIN, BEGIN + WEEK)
            took = time.perf_counter() - begin
            texts.append(json.dumps(found))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{count} events, {len(book.rules)} rules: {took:.1f} s, {took / count * 1e6:.0f}"
                f" us an event, {memory:.0f} MiB"
            )
        print("the second run is the same" if texts[0] == texts[1] else "THE SECOND RUN DIFFERS")
        print({rule: one["verdicts"] for rule, one in found["rules"].items()})
        database.close()


if __name__ == "__main__":
    main()
