"""One line per event, for a person: the terminal, the pages, and anyone who is told."""

from collections.abc import Mapping

from bridge.core import time_format
from bridge.core.model import Body, Event, Reason
from bridge.core.visible_text import LONGEST, shortened


def _tunings(kind: str, it: str) -> dict[str, str]:
    return {
        f"{kind}.started": f"{it} started",
        f"{kind}.finished": f"{it} finished: {{tuning[outcome]}}",
        f"{kind}.recommended": f"{it} recommends new settings",
        f"{kind}.accepted": f"the recommendations of {it} were accepted",
        f"{kind}.declined": f"the recommendations of {it} were declined",
    }


LINES: Mapping[str, str] = {
    "leg.down": "leg {leg[name]} of {bond[name]} is down",
    "leg.up": "leg {leg[name]} of {bond[name]} is up again",
    "leg.degraded": "leg {leg[name]} of {bond[name]} is degraded ({leg[state]})",
    "leg.mode_changed": "leg {leg[name]} of {bond[name]} was set {leg[mode]}",
    "leg.added": "leg {leg[name]} of {bond[name]} was added",
    "leg.removed": "leg {leg[name]} of {bond[name]} was removed",
    "leg.changed": "leg {leg[name]} of {bond[name]} changed",
    "bond.down": "{bond[name]} is down: none of its legs is up",
    "bond.degraded": (
        "{bond[name]} is degraded: {bond_condition[down]} of {bond_condition[active]} legs are down"
    ),
    "bond.on_failover_leg": "{bond[name]} runs on its failover leg",
    "bond.up": "{bond[name]} is well again",
    "leg.flapping": "leg {leg[name]} of {bond[name]} is flapping since {flapping[since]}",
    "leg.stable": (
        "leg {leg[name]} of {bond[name]} is stable again after {flapping[changes]} changes"
    ),
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
    **_tunings("bond_tuning", "tuning {tuning[id]} of {bond[name]}"),
    **_tunings("leg_tuning", "tuning {tuning[id]} of leg {leg[name]} of {bond[name]}"),
    "speedtest.started": "speed test {speedtest[id]} of {bond[name]} started",
    "speedtest.finished": (
        "speed test {speedtest[id]} of {bond[name]} finished: {speedtest[outcome]}"
    ),
    "aggregator.suspected": (
        "aggregator {aggregator[name]} may have failed: {incident[bonds]} bonds lost legs at once"
    ),
    "aggregator.checks_failing": "checks of aggregators fail: {failover_checks[failure]} so far",
    "aggregator.checks_passing": "checks of aggregators do not fail any more",
    "failover.disabled": "aggregator failover is switched off: {settings[failover]}",
    "failover.enabled": "aggregator failover works again",
    "incident.opened": (
        "{incident[bonds]} bonds of {incident[cause]} {incident[name]} lost legs at once"
    ),
    "incident.ended": (
        "{incident[cause]} {incident[name]}: incident over, {incident[bonds]} bonds,"
        " {incident[legs]} legs"
    ),
    "config_updates.failing": "configuration updates fail: {config_updates[failures]} failures",
    "config_updates.stuck": (
        "configuration updates are stuck since {config_updates[since]}: {config_updates[pending]}"
        " pending"
    ),
    "config_updates.cleared": "configuration updates are through again",
    "tls.expiring": "the server's certificate ends at {certificate[not_after]}",
    "tls.changed": "the server has a new certificate, until {certificate[not_after]}",
    "version.available": "version {bonding_version[version]} is in the repository",
    "node.outdated": "node {node[name]} runs version {node[version]}, not the repository's",
    "node.updated": "node {node[name]} runs version {node[version]}, the repository's",
    "report.downtime_prevented": (
        "downtime prevented: {downtime_report[week_count]} outages in the week, "
        "{downtime_report[month_count]} in the month"
    ),
    "settings.changed": "the server's settings changed",
    "versions.changed": "the server's software changed",
    "backup.completed": "backup {backup[name]} is complete",
    "backup.failed": "backup {backup[name]} failed",
    "backup.pending": "a backup was due at {backup_schedule[due_at]} and is not there yet",
    "backup.overdue": "no backup since {backup_schedule[newest_at]}: it is overdue",
    "scope.baseline": "{scope[name]} seen for the first time: {scope[objects]}",
    "scope.forbidden": "we may not read {scope[name]}: {problem[text]}",
    "scope.shrunk": "{scope[name]} shows only {scope[objects]} objects: {problem[text]}",
    "poll.slow": "polling {scope[name]} is slow: {problem[text]}",
    "wire.unknown": "not understood: {problem[text]}",
    "alerts.truncated": "alerts were left out: {problem[text]}",
    "server.unreachable": "the management server cannot be reached: {problem[text]}",
    "server.recovered": "the management server answers again",
    "server.auth_failed": "the management server refuses our credentials: {problem[text]}",
    "rulebook.rejected": "the rule files cannot be used, the last good ones go on: {problem[text]}",
    "action.succeeded": "{job[operation]} ({job[arguments]}) succeeded",
    "action.failed": "{job[operation]} ({job[arguments]}) failed: {job[detail]}",
    "action.in_doubt": (
        "nobody knows whether {job[operation]} ({job[arguments]}) took effect: {job[detail]}"
    ),
    "action.unverified": (
        "{job[operation]} ({job[arguments]}) was done and is not seen to work: {job[detail]}"
    ),
    "rule.tripped": "rule {rule[id]} is switched off until a person switches it on: {rule[detail]}",
    "rule.gathered": "rule {rule[id]} has put {rule[detail]} together",
    "rule.contradicted": (
        "rule {rule[id]} gives way to another that wants the opposite: {rule[detail]}"
    ),
    "chat.command": "{chat[who]} said in {chat[webhook]}: {chat[text]}",
    "chat.refused": "{chat[who]} was refused in {chat[webhook]}: {refusal[text]}",
    "schedule.due": "rule {schedule[rule]} is due at {schedule[at]}",
    "approval.asked": (
        "{approval[rule]} asks {approval[to]} for a yes by {approval[expires]}: {approval[detail]}"
    ),
    "approval.granted": "{approval[who]} said yes to {approval[rule]}: {approval[detail]}",
    "approval.denied": "{approval[who]} said no to {approval[rule]}: {approval[detail]}",
    "approval.refused": "{approval[who]} cannot answer {approval[rule]}: {approval[why]}",
    "approval.expired": "nobody answered {approval[rule]}, so it is a no: {approval[detail]}",
    "event.acknowledged": "{telling[who]} acknowledged: {telling[title]}",
    "channel.failing": (
        "channel {channel[name]} takes no messages since {channel[since]}: {channel[detail]}"
    ),
    "channel.working": "channel {channel[name]} takes messages again",
    "bridge.paused": "all actions are paused by {pause[who]}: {pause[why]}",
    "bridge.resumed": "actions go on, says {pause[who]}",
    "operator.paused": "{operator[who]} paused {operator[about]}: {operator[why]}",
    "operator.resumed": "{operator[who]} resumed {operator[about]}",
    "operator.silenced": (
        "{operator[who]} silenced {operator[about]} until {operator[until]}: {operator[why]}"
    ),
    "operator.silence_ended": "{operator[who]} ended the silence of {operator[about]}",
    "operator.hands_off": (
        "{operator[who]} works on {operator[about]} until {operator[until]}: {operator[why]}"
    ),
    "operator.hands_off_ended": "{operator[who]} no longer works on {operator[about]}",
    "operator.rule_switched_on": "{operator[who]} switched {operator[about]} on again",
    "operator.job_settled": "{operator[who]} settled {operator[about]} by hand: {operator[why]}",
    "operator.notices_resent": "{operator[who]} had {operator[about]} sent again",
    "operator.tuning_undone": "{operator[who]} put back the tuning of {operator[about]}",
    "operator.called": "{operator[who]} called {operator[about]} by hand",
    "operator.token_created": "{operator[who]} made a token for {operator[about]}",
    "operator.token_revoked": "{operator[who]} revoked the token of {operator[about]}",
    "operator.signed_in": "{operator[who]} signed in ({operator[why]})",
    "operator.signed_out": "{operator[who]} signed out",
    "operator.sign_in_refused": "a sign-in was refused: {operator[why]}",
    "internal.error": "{fault[about]} was set aside at step {fault[step]}: {fault[detail]}",
}

# a question that goes to no channel: to the person who asked for it, or to those that rules notify
# of it
_TO_ASKER = "{approval[rule]} asks {approval[asker]} whether they are sure"
_TO_NOBODY = "{approval[rule]} asks for a yes by {approval[expires]}: {approval[detail]}"

# all that is wrong with the rule files, each at its line: our own words
_PROBLEMS = 2_000
# characters of all that an object had changed
_CHANGES = 600
_FIELDS = 3
_LENGTH = 80
_MOMENTS = frozenset({"since", "not_after", "at", "expires", "until"})


def headline(event: Event) -> str:
    """`"leg cable of vancouver-hq is down"`; names not known yet show as ?."""
    if event.type.startswith("webhook."):
        body = event.data.get("body") or {}
        return f"webhook {event.type.partition('.')[2]}: {_alert(body) or _gist(body)}"
    if event.type == "approval.asked":
        line = _asked(event)
    else:
        line = LINES.get(event.type) or _audit(event)
    longest = _PROBLEMS if event.type == "rulebook.rejected" else LONGEST
    line = line.format_map(_sentence(event.data, longest))
    if event.type.startswith("operator."):
        return line + _circumstances(event.data.get("operator") or {})
    if event.type.endswith(".changed"):
        return line + _differences(event.data)
    left = remains(event)
    if left:
        return f"{line}; {left}"
    return line


def remains(event: Event) -> str:
    """What is still wrong although this has ended something: `"1 of 12 bonds is still down: hq"`;
    "" for nothing.
    """
    incident = event.data.get("incident") or {}
    leg = event.data.get("leg") or {}
    if event.type == "incident.ended" and incident.get("bonds_down"):
        down = incident["bonds_down"]
        verb = "is" if incident["bonds_down"] == 1 else "are"
        left = shortened(str(incident["left"]))
        return f"{down} of {incident['bonds']} bonds {verb} still down: {left}"
    if event.type == "leg.stable" and leg.get("standing") in ("down", "degraded"):
        return f"it is {leg['standing']}"
    return ""


def _circumstances(deed: Body) -> str:
    """From where something was done, and against which guards: `" (command line on gw1)"`."""
    if deed.get("override"):
        override = f", although: {shortened(str(deed['override']))}"
    else:
        override = ""
    if deed.get("what") == "called" and deed.get("why"):
        override = f": {shortened(str(deed['why']))}"
    return override + (f" [{deed['place']}]" if deed.get("place") else "")


def _asked(event: Event) -> str:
    approval = event.data.get("approval") or {}
    if approval.get("reason") == Reason.CONFIRMATION:
        return _TO_ASKER
    if approval.get("to"):
        return LINES[event.type]
    return _TO_NOBODY


# what a person would call an object by, the first that it has
_CALLED = ("name", "email", "key", "ip", "network", "version", "id")


def _audit(event: Event) -> str:
    """`"route 203.0.113.16/28 of hq was added"`, for every kind that has no line of its own."""
    kind, _, happened = event.type.partition(".")
    body = event.data.get(kind) or {}
    called = next(
        (str(body[name]) for name in _CALLED if body.get(name) is not None), event.subject
    )
    called = shortened(called)
    bond = event.data.get("bond") or {}
    if bond:
        of_bond = f" of {shortened(str(bond.get('name') or bond.get('id') or '?'))}"
    else:
        of_bond = ""
    if happened == "changed":
        done = "changed"
    else:
        done = f"was {happened}"
    return f"{kind.replace('_', ' ')} {called}{of_bond} {done}".replace("{", "(").replace("}", ")")


def _differences(data: Body) -> str:
    """`": state up → testing, class up → administrative"`."""
    old = data.get("old") or {}
    new = data.get("new") or {}
    parts = [
        f"{name} {_told(_at(old, name))} → {_told(_at(new, name))}"
        for name in data.get("changed") or ()
    ]
    if not parts:
        return ""
    kept = 1
    while kept < len(parts) and len(", ".join(parts[: kept + 1])) <= _CHANGES:
        kept += 1
    more = f" and {len(parts) - kept} more" if kept < len(parts) else ""
    return f": {', '.join(parts[:kept])}{more}"


def _at(body: Body, name: str) -> object:
    """A field, or `other.name`: one of the server's own below `other`."""
    whole, _, below = name.partition(".")
    value = body.get(whole)
    if below and isinstance(value, Mapping):
        return value.get(below)
    return value


# the labels of an alert that say what it is about, the most telling first
_ABOUT = (
    "bond",
    "leg",
    "aggregator",
    "host",
    "instance",
    "device",
    "node",
    "service",
    "name",
    "pod",
    "space",
)
_SUMMARIES = ("summary", "message", "description")


def _alert(body: Body) -> str:
    """`"LegDown firing on burnaby-hq: both lines are down"` of an alert of Alertmanager; "" for
    anything else.
    """
    labels = body.get("labels")
    notes = body.get("annotations")
    if not isinstance(labels, Mapping) or "alertname" not in labels or "status" not in body:
        return ""
    about = next((labels[name] for name in _ABOUT if labels.get(name)), "")
    if isinstance(notes, Mapping):
        told = notes
    else:
        told = {}
    summary = next((told[name] for name in _SUMMARIES if told.get(name)), "")
    parts = (
        f"{labels['alertname']} {body['status']}",
        f" on {about}" if about else "",
        f": {summary}" if summary else "",
    )
    return shortened("".join(parts))


def _gist(body: Body) -> str:
    """The first plain fields of what was sent, cut short: `"action restart, bond 1"`."""
    plain = [
        f"{name} {value}" for name, value in body.items() if isinstance(value, str | int | float)
    ]
    text = ", ".join(plain[:_FIELDS])
    return shortened(text, _LENGTH) or "an empty body"


class _Unknown(str):
    """What nobody knows, and so everything that is asked of it."""

    __slots__ = ()

    def __getitem__(self, _: object) -> "_Unknown":
        return self


_UNKNOWN = _Unknown("?")


class _Told(dict[str, object]):
    """What is known, as it reads in a sentence: an example may leave out whatever it likes."""

    def __missing__(self, _: str) -> _Unknown:
        return _UNKNOWN


def _sentence(data: Body, longest: int = LONGEST) -> _Told:
    return _Told(
        {
            name: _noun(value, longest) if isinstance(value, Mapping) else _told(value, longest)
            for name, value in data.items()
        }
    )


def _noun(noun: Body, longest: int) -> _Told:
    return _Told(
        {
            name: (
                _minute(below)
                if name.endswith("_at") or name in _MOMENTS
                else _told(below, longest)
            )
            for name, below in noun.items()
        }
    )


def _told(value: object, longest: int = LONGEST) -> object:
    """None reads as ?, arguments as `bond 3, tuning 7`, of what is long the beginning."""
    if isinstance(value, Mapping):
        return shortened(", ".join(f"{name} {below}" for name, below in value.items()), longest)
    if value is None:
        return _UNKNOWN
    if isinstance(value, str):
        return shortened(value, longest)
    if isinstance(value, bool | int | float):
        return value
    return shortened(str(value), longest)


def _minute(moment: object) -> str:
    """`"2026-03-01T02:00:04.5+00:00"` → `"2026-03-01 02:00 UTC"`."""
    if isinstance(moment, str):
        return shortened(time_format.minute(moment))
    return "?"
