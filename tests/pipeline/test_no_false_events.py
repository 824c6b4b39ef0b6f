"""Every scope of a world in which nothing happens, by the names we expect and by others."""

from pathlib import Path

import pytest

from bridge.simulator.schema.rest_framework import ServerOptions
from tests.pipeline.multi_server_harness import watched

# what the clock alone brings about: a backup falls due, a certificate comes near its end, a report
# counts another week
BY_TIME = (
    "backup.pending",
    "backup.overdue",
    "backup.completed",
    "tls.expiring",
    "report.downtime_prevented",
)


@pytest.mark.takes(12)
def test_rates_that_change_on_every_read_are_no_event(tmp_path: Path) -> None:
    """Five looks at every scope, minutes apart: baselines, and not a word more; no field is
    reported as unknown.
    """
    with watched(tmp_path, off="[]") as watch:
        for _ in range(4):
            watch.sim.advance(180)
            watch.poll()
        assert watch.types(without=BY_TIME) == []


@pytest.mark.parametrize("name", ["bonds/1/routes", "tlsinfo", "users"])
def test_every_scope_was_polled(name: str, tmp_path: Path) -> None:
    """None of the scopes is left out of these looks, or fails."""
    with (
        watched(tmp_path, off="[]", sizes=[{"bonds": 1}]) as watch,
        watch.bridge.database.reading() as connection,
    ):
        from bridge.store.observations import snapshots  # noqa: PLC0415

        found = {scope.name: scope for scope in snapshots.all_scopes(connection, "one")}
        assert found[name].version
        assert [scope.name for scope in found.values() if scope.problem or not scope.version] == []


def test_every_guessed_name_may_be_another(tmp_path: Path) -> None:
    """Other names for all that is guessed: every scope is read whole, what rests on evidence is
    told, strangers once.
    """
    with watched(tmp_path, off="[]", ways=ServerOptions(rename_guessed=True)) as watch:
        first = [
            (event["subject"], event["data"]["problem"]["text"])
            for event in watch.events("wire.unknown")
        ]
        assert len({subject for subject, _ in first}) == len(first) > 5
        watch.live(30)
        watch.set("leg", 1, "state", "down")
        watch.set("leg", 3, "link_mode", "idle")
        watch.set("bond", 2, "current_aggregator", 3)
        tuning = watch.call("POST", "/bonds/4/tuners/")
        assert tuning
        watch.live(900, step=60)
        watch.set("leg", 1, "state", "up")
        watch.live(60)
        watch.poll()
        told = {event["type"] for event in watch.events()}
        assert {
            "leg.down",
            "leg.up",
            "leg.mode_changed",
            "bond.failed_over",
            "bond_tuning.finished",
        } <= told
        assert len(watch.events("wire.unknown")) == len(
            {each["subject"] for each in watch.events("wire.unknown")}
        )
        samples = [
            value
            for event in watch.events("wire.unknown")
            for value in event["data"]["sample"].values()
        ]
        assert samples
        assert all("@" not in value and "198.51" not in value for value in samples)
