"""Everything that can stand on a world's agenda, by the name that the state file and the stories
use.
"""

from bridge.simulator.behaviour import (
    backups,
    config_updates,
    failover,
    iso_images,
    random_faults,
    scenarios,
    speed_tests,
    tunings,
)
from bridge.simulator.world import world

HAPPENINGS: dict[str, world.Happening] = {
    "aggregator.breaks": failover.breaks,
    "aggregator.check": failover.check,
    "backup.daily": backups.daily,
    "backup.told": backups.told,
    "isos.create": iso_images.create,
    "leg.back": world.leg_back,
    "leg.line": world.leg_line,
    "speedtest.end": speed_tests.end,
    "speedtest.next": speed_tests.begin_next,
    "story.again": scenarios.again,
    "story.fault": random_faults.fault,
    "story.faults": random_faults.begin,
    "story.flap": random_faults.flap,
    "story.flaps": random_faults.flaps,
    "story.line": random_faults.line,
    "story.step": scenarios.step,
    "tuning.begin": tunings.begin,
    "tuning.test": tunings.test,
    "update.arrive": config_updates.arrive,
    "update.send": config_updates.send,
}
