"""When a schedule is due. Its five fields, and what happens when clocks are set, are those of
Debian's cron.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from bridge.core.rules.rule import Schedule


def following(schedule: Schedule, after: datetime) -> datetime:
    """When it is due next, in UTC: always later than `after`."""
    moments = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.zone)))
    # in the hour that comes twice, the first of the two may be over
    return next(moment for moment in (each.astimezone(UTC) for each in moments) if moment > after)
