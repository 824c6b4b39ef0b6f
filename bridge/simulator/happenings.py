"""Everything that can stand on a world's agenda, by the name that the state file and the stories use."""

from bridge.simulator import backups, chance, configupdates, failover, isos, speedtests, stories, tunings, world

HAPPENINGS: dict[str, world.Happening] = {
    "aggregator.breaks": failover.breaks,
    "aggregator.check": failover.check,
    "backup.daily": backups.daily,
    "backup.told": backups.told,
    "isos.create": isos.create,
    "leg.back": world.leg_back,
    "leg.line": world.leg_line,
    "speedtest.end": speedtests.end,
    "speedtest.next": speedtests.begin_next,
    "story.again": stories.again,
    "story.fault": chance.fault,
    "story.faults": chance.begin,
    "story.flap": chance.flap,
    "story.flaps": chance.flaps,
    "story.line": chance.line,
    "story.step": stories.step,
    "tuning.begin": tunings.begin,
    "tuning.test": tunings.test,
    "update.arrive": configupdates.arrive,
    "update.send": configupdates.send,
}
