"""Everything that can stand on a world's agenda, by the name that the state file and the stories use."""

from bridge.simulator import backups, failover, isos, stories, tunings, world

HAPPENINGS: dict[str, world.Happening] = {
    "aggregator.breaks": failover.breaks,
    "aggregator.check": failover.check,
    "backup.daily": backups.daily,
    "backup.told": backups.told,
    "isos.create": isos.create,
    "leg.back": world.leg_back,
    "leg.line": world.leg_line,
    "story.again": stories.again,
    "story.step": stories.step,
    "tuning.begin": tunings.begin,
    "tuning.test": tunings.test,
}
