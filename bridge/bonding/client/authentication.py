"""How the client says who it is: HTTP Basic, or a token for which the password is given once.

Token login is not in the vendor's documents; it was seen on servers of 2023: `POST /login/` with
`email` and `password` gives `auth_token`. Basic still worked on the same servers.
"""

import base64
from collections.abc import Mapping
from threading import Lock

import httpx

from bridge.bonding.catalogue import ROOT, Danger
from bridge.bonding.wire import refusal
from bridge.errors import CredentialsRejected, Refused, Unreachable

User = tuple[str, str]


class Credentials:
    """The users of one server: `main` for every class of action that has no user of its own.
    `tokens`: log in once each.
    """

    def __init__(self, main: User, users: Mapping[Danger, User], *, tokens: bool) -> None:
        self._users = {danger: users.get(danger, main) for danger in Danger}
        self._tokens: dict[User, str] = {}
        self.renewable = tokens
        self._lock = Lock()

    def header(self, danger: Danger, http: httpx.Client) -> str:
        """The `Authorization` of a request of this class; logs in where a token is needed and there
        is none.
        """
        user = self._users[danger]
        if not self.renewable:
            return "Basic " + base64.b64encode(":".join(user).encode()).decode("ascii")
        with self._lock:
            if user not in self._tokens:
                self._tokens[user] = _token(user, http)
            return f"Token {self._tokens[user]}"

    def forget(self, header: str) -> None:
        """A token that was refused is asked for again."""
        with self._lock:
            self._tokens = {
                user: token for user, token in self._tokens.items() if f"Token {token}" != header
            }


def _token(user: User, http: httpx.Client) -> str:
    """Raises CredentialsRejected, Refused where the server has no such login, Unreachable."""
    try:
        response = http.post(f"{ROOT}/login/", json={"email": user[0], "password": user[1]})
        if response.content:
            body = response.json()
        else:
            body = None
    except (httpx.HTTPError, ValueError) as error:
        msg = f"cannot log in to {http.base_url}: {str(error) or type(error).__name__}"
        raise Unreachable(msg) from error
    status = response.status_code
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        msg = f"{http.base_url} has no token login: set `login: basic`"
        raise Refused(msg, status)
    if httpx.codes.is_client_error(status):
        raise CredentialsRejected(
            f"{http.base_url} does not accept the user or password: {refusal(body) or status}",
            status,
        )
    if isinstance(body, dict):
        token = body.get("auth_token", body.get("token"))
    else:
        token = None
    if not response.is_success or not isinstance(token, str) or not token:
        msg = f"{http.base_url} answered {status} to the login, without a token"
        raise Unreachable(msg)
    return token
