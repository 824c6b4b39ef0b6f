"""One line per event, for a person: the terminal, the pages, and whoever is told."""

from collections.abc import Mapping

from bridge.core.model import Body, Event

_LINES: Mapping[str, str] = {
    "leg.down": "leg {leg[name]} of {bond[name]} is down",
    "leg.up": "leg {leg[name]} of {bond[name]} is up again",
    "leg.degraded": "leg {leg[name]} of {bond[name]} is degraded ({leg[state]})",
    "leg.mode_changed": "leg {leg[name]} of {bond[name]} was set {leg[mode]}",
    "leg.added": "leg {leg[name]} of {bond[name]} was added",
    "leg.removed": "leg {leg[name]} of {bond[name]} was removed",
    "leg.changed": "leg {leg[name]} of {bond[name]} changed",
    "bond.failed_over": "{bond[name]} failed over from {primary[name]} to {current[name]}",
    "bond.restored": "{bond[name]} is back on its primary aggregator {primary[name]}",
    "bond.moved": "{bond[name]} moved to {current[name]}",
    "bond.added": "bond {bond[name]} was added",
    "bond.removed": "bond {bond[name]} was removed",
    "bond.changed": "bond {bond[name]} changed",
    "placement.changed": "the aggregators of {bond[name]} were set anew",
    "aggregator.failed": "aggregator {aggregator[name]} has failed",
    "aggregator.recovered": "aggregator {aggregator[name]} is well again",
    "aggregator.added": "aggregator {aggregator[name]} was added",
    "aggregator.removed": "aggregator {aggregator[name]} was removed",
    "aggregator.changed": "aggregator {aggregator[name]} changed",
    "bond_tuning.started": "tuning {tuning[id]} of {bond[name]} started",
    "bond_tuning.finished": "tuning {tuning[id]} of {bond[name]} finished: {tuning[outcome]}",
    "bond_tuning.recommended": "tuning {tuning[id]} of {bond[name]} recommends new settings",
    "bond_tuning.accepted": "the recommendations of tuning {tuning[id]} of {bond[name]} were accepted",
    "bond_tuning.declined": "the recommendations of tuning {tuning[id]} of {bond[name]} were declined",
    "backup.completed": "backup {backup[name]} is complete",
    "backup.pending": "a backup was due at {backup_schedule[due_at]} and is not there yet",
    "backup.overdue": "no backup since {backup_schedule[newest_at]}: it is overdue",
    "scope.baseline": "{scope[name]} seen for the first time: {scope[objects]}",
    "server.unreachable": "the management server cannot be reached: {problem[text]}",
    "server.recovered": "the management server answers again",
    "server.auth_failed": "the management server refuses our credentials: {problem[text]}",
    "rulebook.rejected": "the rule files cannot be used, the last good ones go on: {problem[text]}",
    "action.succeeded": "{job[operation]} ({job[arguments]}) succeeded",
    "action.failed": "{job[operation]} ({job[arguments]}) failed: {job[detail]}",
    "action.in_doubt": "nobody knows whether {job[operation]} ({job[arguments]}) took effect: {job[detail]}",
}

_FIELDS, _LENGTH = 3, 80


def headline(event: Event) -> str:
    """`"leg cable of vancouver-hq is down"`; names not known yet show as ?."""
    line = _LINES.get(event.type)
    if event.type.startswith("webhook."):
        return f"webhook {event.type.partition('.')[2]}: {_gist(event.data.get('body') or {})}"
    if line is None:
        return f"{event.type} for {event.subject}"
    return line.format_map(_Told(event.data)) + (_differences(event.data) if event.type.endswith(".changed") else "")


def _differences(data: Body) -> str:
    """`": state up → testing, class up → administrative"`."""
    old, new = data.get("old") or {}, data.get("new") or {}
    parts = [f"{name} {_told(old.get(name))} → {_told(new.get(name))}" for name in data.get("changed") or ()]
    return f": {', '.join(parts)}" if parts else ""


def _gist(body: Body) -> str:
    """The first plain fields of what was sent, cut short: `"action restart, bond 1"`."""
    plain = [f"{name} {value}" for name, value in body.items() if isinstance(value, str | int | float)]
    text = ", ".join(plain[:_FIELDS])
    return (text[:_LENGTH] + "…" if len(text) > _LENGTH else text) or "an empty body"


class _Told(dict[str, object]):
    """Event data as it reads in a sentence."""

    def __init__(self, data: Body) -> None:
        super().__init__({name: _nouns(value) if isinstance(value, Mapping) else _told(value) for name, value in data.items()})


def _nouns(noun: Body) -> Body:
    return {name: _minute(below) if name.endswith("_at") else _told(below) for name, below in noun.items()}


def _told(value: object) -> object:
    """None reads as ?, arguments as `bond 3, tuning 7`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {below}" for name, below in value.items())
    return "?" if value is None else value


def _minute(moment: object) -> str:
    """`"2026-03-01T02:00:04.5+00:00"` → `"2026-03-01 02:00 UTC"`."""
    return f"{moment[:16].replace('T', ' ')} UTC" if isinstance(moment, str) else "?"
