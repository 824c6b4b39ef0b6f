"""Notices to a channel that takes only what is worse: it is never told of them, nor of how they go
on.
"""

from collections.abc import Iterator, Mapping, Sequence

from bridge.core.rules.rule import Rule, Step

_WORSE = ("info", "warning", "critical")


def unheard(rules: Sequence[Rule], least: Mapping[str, str]) -> list[str]:
    """One sentence for each channel that rules tell something in vain. `least`: by channel, what it
    takes at the least.
    """
    found: dict[str, list[str]] = {}
    for rule in rules:
        for to, severity in dict.fromkeys(_notices(rule.steps)):
            if to in least and _below(severity, least[to]):
                found.setdefault(to, []).append(f"{rule.id} ({severity})")
    return [
        f"the channel {to} takes nothing below {least[to]}: it is never told what these rules tell"
        f" it: {', '.join(found[to])}"
        for to in sorted(found)
    ]


def _below(severity: str, least: str) -> bool:
    return _WORSE.index(severity) < _WORSE.index(least)


def _notices(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """The channels that steps tell, also those that are told where nobody has acknowledged it, each
    with how bad it is.
    """
    for step in steps:
        if step.action == "notify":
            severity = str(step.fields["severity"].render({}))
            yield step.name, severity
            if escalate := (step.follow or {}).get("escalate"):
                yield escalate["to"], severity
        yield from _notices(step.on_failure)
