"""Servers that are away as a whole: said once, and what happened meanwhile is told with its true
times afterwards.
"""

from pathlib import Path

import pytest

from tests.pipeline.multi_server_harness import Watch, watched


def _of_servers(watch: Watch) -> list[tuple[str, str]]:
    return [(event["server"], event["type"]) for event in watch.events("server.*")]


def test_what_happens_in_ten_minutes_away_is_told_afterwards(tmp_path: Path) -> None:
    """`server.unreachable` once, `server.recovered` once; outages that began and ended meanwhile
    come from the histories.
    """
    with watched(tmp_path) as watch:
        watch.live(60)
        watch.sim.set_faults(drop=1.0, when="before")
        watch.live(120)
        watch.set("leg", 1, "state", "down")
        watch.live(120)
        watch.set("leg", 1, "state", "up")  # over before anybody looks again
        watch.set("leg", 3, "state", "down")
        watch.live(360)
        watch.sim.set_faults()
        watch.live(600)
        assert _of_servers(watch) == [("one", "server.unreachable"), ("one", "server.recovered")]
        over = {event["subject"]: event["data"]["over"] for event in watch.events("leg.down")}
        assert over == {"leg/1": True, "leg/3": False}
        watch.prove("server.unreachable", "server.recovered", least=3)


@pytest.mark.takes(18)
def test_one_of_three_servers_away_for_an_hour_leaves_the_others_alone(tmp_path: Path) -> None:
    """The others are watched as before, in time; of the one that was away nothing is lost and
    nothing invented.
    """
    sizes = [{"bonds": 2}] * 3
    with watched(tmp_path, sizes=sizes) as watch:
        watch.live(60)
        watch.sims[1].set_faults(drop=1.0, when="before")
        watch.set("leg", 1, "state", "down", sim=1)
        watch.live(1200, step=120)
        for sim in (0, 1, 2):
            watch.set("leg", 3, "state", "down", sim=sim)
        watch.live(120, step=60)
        assert sorted(event["server"] for event in watch.events("leg.down")) == ["one", "three"]
        watch.live(2280, step=120)
        watch.set("leg", 1, "state", "up", sim=1)
        watch.sims[1].set_faults()
        watch.live(900, step=60)
        assert _of_servers(watch) == [("two", "server.unreachable"), ("two", "server.recovered")]
        watch.prove("server.unreachable", "server.recovered")
        assert [len(watch.events("leg.down", name)) for name in ("one", "two", "three")] == [
            1,
            2,
            1,
        ]
