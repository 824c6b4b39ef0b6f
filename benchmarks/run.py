"""What the heart of the flow costs: `python -m benchmarks.run [--quick]`.

Each figure stands beside a yardstick taken in the same run: machines are noisy.
The yardstick is `json.loads` of the legs that are compared: work that every poll does anyway.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import track

from bridge.bonding.wire import normalise
from bridge.core.backtesting.in_memory_facts import InMemoryFacts
from bridge.core.decisions import evaluate
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.events import builder
from bridge.core.model import Event, Known
from bridge.core.objects import snapshot_diff
from bridge.core.rules.parser import Rule, Vocabulary, parse
from bridge.core.yaml_document import read

QUICK = "--quick" in sys.argv
LEGS, EVENTS, ROUNDS = (600, 200, 1) if QUICK else (6_000, 2_000, 5)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _legs(state: str) -> list[dict[str, object]]:
    fixed = {
        "link_mode": "active",
        "type": "interface",
        "down_speed": 50,
        "up_speed": 10,
        "note": "cable",
    }
    return [
        {"id": n, "bond_id": n // 3, "overall_state": state, "upload_rate": n * 7.0, **fixed}
        for n in range(1, LEGS + 1)
    ]


def _rules() -> list[Rule]:
    words = Vocabulary(
        {"bond_tuning.accept": ("bond", "tuning"), "bond.restore_to_primary_agg": ("bond",)},
        {"noc": 1},
    )
    folder = Path(__file__).parent.parent / "rules"
    found: list[Rule] = []
    for path in sorted(folder.glob("*.yaml")):
        found += parse(read(path.read_text(encoding="utf-8"), path.name), words)[0]
    return found


def _happened(change: snapshot_diff.Change) -> Event:
    row = builder.EVENTS["leg.down"]
    data = builder.describe(row, change, {})
    return builder.make(
        row, server="s", subject=f"leg/{change.id}", n=1, time=NOW, seen_at=NOW, data=data
    )


def _decide(rules: Sequence[Rule], happened: Sequence[Event]) -> None:
    """Every rule that listens meets every event, as the decider does it for a batch."""
    memory = InMemoryFacts({rule.id: rule for rule in rules}, NOW)
    listening, context = evaluate.listening(rules), evaluate.EvaluationContext("benchmark", NOW)
    for event in happened:
        for rule in listening.get(event.type, ()):
            evaluate.evaluate(rule, event, RecordingFacts(memory), context)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Print each figure as a median over rounds, with its ratio to the yardstick."""
    text = json.dumps(_legs("up"))
    up, down = ([normalise("leg", raw, b"key") for raw in _legs(state)] for state in ("up", "down"))
    before = {(seen.kind, seen.id): Known(seen) for seen in up}
    volatile = {"leg": frozenset({"upload_rate", "download_rate"})}
    down = snapshot_diff.with_derived(before, down, NOW, None)
    changed = snapshot_diff.compare(before, down, volatile=volatile, gone=(), now=NOW).changes
    rules = _rules()
    happened = [_happened(change) for change in changed[:EVENTS]]
    works: dict[str, Callable[[], object]] = {
        f"json.loads of {LEGS} legs (yardstick)": lambda: json.loads(text),
        f"normalise {LEGS} legs": lambda: [
            normalise("leg", raw, b"key") for raw in json.loads(text)
        ],
        f"compare {LEGS} legs, none changed": lambda: snapshot_diff.compare(
            before, up, volatile=volatile, gone=(), now=NOW
        ),
        f"compare {LEGS} legs, all changed": lambda: snapshot_diff.compare(
            before, down, volatile=volatile, gone=(), now=NOW
        ),
        f"decide {EVENTS} events, {len(rules)} rules": lambda: _decide(rules, happened),
    }
    rounds = [
        {name: _timed(work) for name, work in works.items()}
        for _ in track(range(ROUNDS), "measuring")
    ]
    medians = {name: statistics.median(each[name] for each in rounds) for name in works}
    yardstick = next(iter(medians.values()))
    for name, seconds in medians.items():
        print(f"{name:44s} {seconds * 1000:9.1f} ms   {seconds / yardstick:6.1f} x")


if __name__ == "__main__":
    main()
