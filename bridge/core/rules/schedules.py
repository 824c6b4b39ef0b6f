"""Schedules: on which servers one is followed, and what about its clock is not as it looks."""

from collections.abc import Iterator, Sequence

from bridge.core.expressions.evaluator import Expression
from bridge.core.rules.rule import Rule, Schedule, Step

# a schedule that names this is followed on each server
EACH = "*"
_TELLING = frozenset({"notify", "webhook", "wait", "reply"})
_DAY = 2
_WEEKDAY = 4


def followed(rule: Rule, server: str, servers: Sequence[str]) -> bool:
    """Whether a rule's schedule is followed on a server; `servers`: all that are watched, in the
    order of the settings.

    One that names no server and asks nothing of any is followed once, on the first: anyone who is
    told good morning is told once, however many servers there are.
    """
    if not isinstance(rule.shape, Schedule):
        return False
    named = rule.shape.server
    if named is None and not about_a_server(rule):
        return server == next(iter(servers), None)
    return named in (None, EACH, server)


def about_a_server(rule: Rule) -> bool:
    """Whether it matters which server it is: the rule looks at the view, asks for the server, or
    does something there.
    """
    return any(step.action not in _TELLING for step in rule.steps) or any(
        map(_asks, _expressions(rule))
    )


def _asks(expression: Expression) -> bool:
    return bool({"view", "server"} & expression.roots) or ("event", "server") in expression.paths


def _expressions(rule: Rule) -> Iterator[Expression]:
    approval = rule.guard.approval
    cooldown = rule.guard.cooldown
    found = (
        rule.condition,
        cooldown.per if cooldown else None,
        approval.condition if approval else None,
    )
    yield from (each for each in found if each is not None)
    yield from _of_steps(rule.steps)


def _of_steps(steps: Sequence[Step]) -> Iterator[Expression]:
    for step in steps:
        if step.condition is not None:
            yield step.condition
        for template in (*step.fields.values(), *step.body.values()):
            yield from template.expressions
        yield from _of_steps(step.on_failure)


def either_day(cron: str) -> str:
    """What a cron expression does that names days of the month and of the week; "" for others.

    As in Debian's cron: both must fit only where one of them begins with a star.
    """
    fields = cron.split()
    days = fields[_DAY]
    weekdays = fields[_WEEKDAY]
    if days.startswith("*") or weekdays.startswith("*"):
        return ""
    return (
        f"either day will do, as in cron: every day {days} of a month, and every {weekdays} besides"
    )
