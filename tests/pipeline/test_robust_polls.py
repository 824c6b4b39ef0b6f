"""Whatever a server sends instead of its lists, no false event comes of it, and what happened
meanwhile is told once.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.bonding.client import pagination
from tests.pipeline.multi_server_harness import watched

_LISTS = [
    "leg.list",
    "bond.list",
    "aggregator.list",
    "aggregator.bonds",
    "aggregator.bonds_secondary",
    "aggregator.bonds_current",
]

# what is wrong with each answer, for how long, and what else may be told of the server
TROUBLES: Mapping[str, tuple[dict[str, object], float, tuple[str, ...]]] = {
    "a cut body": ({"cut": 1.0}, 90, ()),
    "HTML with 200": ({"html": 1.0}, 90, ()),
    "an empty list for 30 s": ({"empty": 1.0}, 30, ("scope.shrunk",)),
    "half a list": ({"half": 1.0}, 90, ("scope.shrunk",)),
    "objects moved between pages": ({"shuffle": 0.5, "only": ["leg.list", "bond.list"]}, 300, ()),
    "duplicate ids": ({"duplicate": 1.0, "only": _LISTS}, 300, ()),
    "a connection that is reset": ({"drop": 1.0}, 90, ()),
    "429 and 503": ({"retry_after": 1.0, "seconds": 60}, 90, ()),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_gives_no_false_event_and_loses_none(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens during the trouble and after it is told once, at its true time, and nothing else
    of any object.
    """
    monkeypatch.setattr(pagination, "PAGE_SIZE", 4)
    faults, lasts, besides = TROUBLES[trouble]
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.sim.set_faults(**faults)
        watch.set("leg", 1, "state", "down")
        watch.live(lasts)
        watch.set("leg", 3, "state", "down")
        watch.sim.set_faults()
        watch.live(60)
        watch.set("leg", 3, "state", "up")
        watch.set("leg", 5, "link_mode", "idle")
        watch.live(60)
        watch.prove(*besides, least=4)
