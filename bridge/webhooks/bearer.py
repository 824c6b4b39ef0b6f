"""`bearer`: a token, in `Authorization: Bearer …` or alone in a header of one's own choice.

Nothing is signed or dated. One delivery is what the header `id_header` names, where it is set and
sent; else the same body within a window, which is the tolerance. Time is cut into windows, and the
body is also looked for in the window before: so a sender that tries again across an edge is
recognised. The same body is a new delivery again after one to two windows.
"""

import hashlib
import hmac
from datetime import datetime

from pydantic import field_validator

from bridge.errors import Refused
from bridge.webhooks import secret_strength
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

AUTHORIZATION = "authorization"


class BearerOptions(Options):
    """`header`: where the token stands. `id_header`: where a delivery's id stands, if the sender
    has one.
    """

    header: str = AUTHORIZATION
    id_header: str | None = None

    @field_validator("header", "id_header")
    @classmethod
    def _lower(cls, value: str | None) -> str | None:
        if value:
            return value.lower()
        return None


class Bearer:
    """The platform."""

    name = "bearer"
    title = "any sender that has a token"
    tolerance = 300.0
    proof = "send a secret of this webhook as the token, all of its text"
    options = BearerOptions

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong token, 400 or 415 for a body that is no JSON object."""
        how: BearerOptions = keys.options
        check_token(request, keys, how.header)
        check_type(request.headers, JSON)
        body = json_object(request.body)
        if how.id_header:
            given = request.headers.get(how.id_header, "")
        else:
            given = ""
        if given:
            return DeliveryReading((EventDelivery(_id(f"id {given}"), body),))
        window = int(now.timestamp() // keys.tolerance)
        content = hashlib.sha256(request.body).hexdigest()
        return DeliveryReading(
            (EventDelivery(_id(f"{window} {content}"), body, _id(f"{window - 1} {content}")),)
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """A new delivery each second."""
        how: BearerOptions = keys.options
        if how.header == AUTHORIZATION:
            token = f"Bearer {keys.secrets[0]}"
        else:
            token = keys.secrets[0]
        body = f'{{"test": "of bondbridge", "at": "{now.isoformat(timespec="seconds")}"}}'.encode()
        return Request({"content-type": JSON[0], how.header: token}, body)

    def howto(self, url: str, keys: Keys) -> str:
        """What a sender must do."""
        how: BearerOptions = keys.options
        if how.header == AUTHORIZATION:
            token = "Authorization: Bearer TOKEN"  # noqa: S105
        else:
            token = f"{how.header}: TOKEN"
        if how.id_header:
            named = f"\n  {how.id_header}: the id of the delivery, the same when it is sent again"
        else:
            named = ""
        return f"POST {url}\n  Content-Type: application/json\n  {token}{named}"

    def wrong(self, secret: str) -> str:
        """Any token will do that is long enough and can stand in a header."""
        return secret_strength.token(secret)


def check_token(request: Request, keys: Keys, header: str = AUTHORIZATION) -> None:
    """Raises Refused(401) unless one of the secrets stands in the header."""
    given = request.headers.get(header, "")
    if header == AUTHORIZATION:
        kind, _, token = given.partition(" ")
        if kind.lower() == "bearer":
            given = token.strip()
        else:
            given = ""
    if not given:
        raise Refused(
            "needs the token in the header"
            f" {header}{': Bearer …' if header == AUTHORIZATION else ''}",
            401,
        )
    if not any(same(secret, given) for secret in keys.secrets):
        raise Refused("the token is wrong", 401)


def same(ours: str, given: str) -> bool:
    """Whether two secrets are, in a time that tells nothing."""
    return hmac.compare_digest(ours.encode(), given.encode(errors="replace"))


def _id(words: str) -> str:
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()
