"""When a schedule is due. Its five fields, and what happens when clocks are set, are those of Debian's cron."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bridge.core.language.rule import Schedule
from bridge.core.language.windows import wrong_zone

_FIELDS = 5
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_MEND = 'write five fields: minute, hour, day of the month, month, day of the week, such as "0 22 * * mon-fri"'


def wrong(cron: str, zone: str) -> str:
    """What is wrong with this schedule, or nothing."""
    if len(cron.split()) != _FIELDS:
        return f"{cron!r} is no schedule: {_MEND}"
    try:
        next(CronSim(cron, _SOME_DAY))
    except CronSimError as error:
        return f"{cron!r} is no schedule ({str(error).lower()}): {_MEND}"
    except StopIteration:
        return f"{cron!r} never comes: there is no such day in fifty years"
    return wrong_zone(zone)


def following(schedule: Schedule, after: datetime) -> datetime:
    """When it is due next, in UTC: always later than `after`."""
    moments = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.zone)))
    # in the hour that comes twice, the first of the two may be over
    return next(moment for moment in (each.astimezone(UTC) for each in moments) if moment > after)
