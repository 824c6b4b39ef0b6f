"""`alertmanager`: notifications of the Prometheus Alertmanager, each of whose alerts is a delivery
of its own.

With `Authorization: Bearer …`, or Basic where the option `user` is set. The body is version 4 of
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.

Alertmanager says the same again every `repeat_interval`: fingerprint, beginning and status name
what it says, and that is taken once. So an alert that fires is taken however long ago it began: it
may have been silenced since. What ended longer ago than the tolerance, or begins in the future, is
left out and not refused, since Alertmanager would only send it again.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from bridge.core.model import Body
from bridge.errors import Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.bearer import AUTHORIZATION, check_token, same
from bridge.webhooks.platform import (
    JSON,
    DeliveryReading,
    EventDelivery,
    Keys,
    Options,
    Request,
    check_type,
    json_object,
)

_LONGEST_PRINT = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AlertmanagerOptions(Options):
    """`user`: for Basic, with the secret as the password; without it the secret is a bearer
    token.
    """

    user: str | None = None


class _Alert(BaseModel):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts: AwareDatetime = Field(alias="startsAt")
    ends: AwareDatetime | None = Field(default=None, alias="endsAt")
    fingerprint: str = Field(min_length=1, max_length=_LONGEST_PRINT)
    generator: str = Field(default="", alias="generatorURL")


class _Notification(BaseModel):
    version: Literal["4"]
    alerts: list[_Alert]
    receiver: str = ""
    group: dict[str, str] = Field(default={}, alias="groupLabels")
    external: str = Field(default="", alias="externalURL")
    truncated: int = Field(default=0, alias="truncatedAlerts")


class Alertmanager:
    """The platform."""

    name = "alertmanager"
    title = "Prometheus Alertmanager"
    tolerance = 3600.0
    proof = (
        "send a secret of this webhook as the bearer token, or as the password where its options"
        " have a `user`"
    )
    options = AlertmanagerOptions

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for wrong credentials, 400 or 415 for what Alertmanager does not
        send.
        """
        _check(request, keys)
        check_type(request.headers, JSON)
        told = _notification(request.body)
        found = {}
        ignored = []
        for number, alert in enumerate(told.alerts):
            why = _stale(alert, now, keys.tolerance)
            if why:
                ignored.append(f"alerts[{number}] {alert.fingerprint[:16]!a} {why}")
                continue
            # counted from a moment, since the first and last days of the calendar have no UTC in
            # some zones
            known_as = json.dumps([alert.fingerprint, str(alert.starts - _EPOCH), alert.status])
            posted = EventDelivery(
                hashlib.sha256(known_as.encode()).hexdigest(), _body(alert, told)
            )
            found[posted.id] = posted
        return DeliveryReading(tuple(found.values()), tuple(ignored), lost=_lost(told))

    def example(self, keys: Keys, now: datetime) -> Request:
        """One alert, of a name that no rule has."""
        how: AlertmanagerOptions = keys.options
        alert = {
            "status": "firing",
            "labels": {"alertname": "test of bondbridge"},
            "annotations": {},
            "startsAt": now.isoformat(timespec="seconds"),
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": f"test{int(now.timestamp())}",
        }
        body = {
            "version": "4",
            "receiver": "test",
            "status": "firing",
            "alerts": [alert],
            "groupLabels": {},
        }
        secret = keys.secrets[0]
        if how.user:
            credentials = f"Basic {_basic(how.user, secret)}"
        else:
            credentials = f"Bearer {secret}"
        return Request(
            {"content-type": JSON[0], AUTHORIZATION: credentials}, json.dumps(body).encode()
        )

    def howto(self, url: str, keys: Keys) -> str:
        """What to write into its configuration."""
        how: AlertmanagerOptions = keys.options
        secret = "/etc/alertmanager/bondbridge.secret"  # noqa: S105  where it is, not what it is
        if how.user:
            credentials = (
                f"        basic_auth:\n          username: {json.dumps(how.user)}\n         "
                f" password_file: {secret}"
            )
        else:
            credentials = f"        authorization:\n          credentials_file: {secret}"
        return (
            f"Put the secret of this webhook into {secret}, and into"
            " alertmanager.yml:\nreceivers:\n  - name: bondbridge\n    webhook_configs:\n      -"
            f" url: {url}\n        send_resolved: true\n       "
            f" http_config:\n{_deeper(credentials)}"
        )

    def wrong(self, secret: str) -> str:
        """Any token will do that is long enough and can stand in a header."""
        return secret_strength.token(secret)


def _deeper(lines: str) -> str:
    return "\n".join(f"  {line}" for line in lines.splitlines())


def _check(request: Request, keys: Keys) -> None:
    how: AlertmanagerOptions = keys.options
    if not how.user:
        return check_token(request, keys)
    kind, _, given = request.headers.get(AUTHORIZATION, "").partition(" ")
    if kind.lower() != "basic" or not given.strip():
        raise Refused("needs the header authorization: Basic …", 401)
    if not any(same(_basic(how.user, secret), given.strip()) for secret in keys.secrets):
        raise Refused("the user or the password is wrong", 401)
    return None


def _basic(user: str, secret: str) -> str:
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


def _notification(content: bytes) -> _Notification:
    try:
        return _Notification.model_validate(json_object(content))
    except ValidationError as error:
        # the first will do, and never what was written there
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Refused(f"{_place(first['loc'])}: {first['msg']}", 400) from error


def _place(path: Sequence[int | str]) -> str:
    """`alerts[0].startsAt`. A label's own name is the sender's, and is shown as it is only where it
    is harmless.
    """
    steps = (
        f"[{each}]" if isinstance(each, int) else f".{each if each.isidentifier() else '…'}"
        for each in path
    )
    return "".join(steps).removeprefix(".")[:200]


def _stale(alert: _Alert, now: datetime, tolerance: float) -> str:
    """Why an alert is not taken; empty where it is."""
    firing = alert.status == "firing"
    moment = alert.starts if firing else alert.ends
    if moment is None:
        return "is resolved, and does not say since when"
    if firing:
        began = "began"
    else:
        began = "ended"
    away = (now - moment).total_seconds()
    if away > tolerance and not firing:
        return f"{began} more than {tolerance:.0f} s ago"
    if away < -tolerance:
        return f"{began} more than {tolerance:.0f} s in the future"
    return ""


def _lost(told: _Notification) -> str:
    """How many alerts Alertmanager kept to itself, and what to change there; empty for none."""
    if told.truncated <= 0:
        return ""
    return (
        f"{told.truncated} alerts of one notification were left out: raise `max_alerts` of the"
        " receiver in Alertmanager"
    )


def _body(alert: _Alert, told: _Notification) -> Body:
    return {
        "status": alert.status,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": alert.starts.isoformat(),
        "endsAt": alert.ends.isoformat() if alert.ends else None,
        "fingerprint": alert.fingerprint,
        "generatorURL": alert.generator,
        "receiver": told.receiver,
        "groupLabels": told.group,
        "externalURL": told.external,
        "truncatedAlerts": told.truncated,
    }
