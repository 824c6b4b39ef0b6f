"""The only file that opens a socket to a management server."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from bridge.bonding.catalogue import OPERATIONS, Operation
from bridge.bonding.wire import refusal, request
from bridge.core.model import Json
from bridge.core.plain import decoded
from bridge.errors import AgainLater, CredentialsRejected, Garbled, InDoubt, Refused, Unreachable

_PAGE_SIZE = 200
_MOST_PAGES = 5_000
_LARGEST_BODY = 64 * 2**20  # bytes
_WALKS = 3

# The request cannot have reached the server, so it cannot have done anything.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: `body` decoded (None where it is not JSON), `offset` how far the server's clock is ahead of ours."""

    status: int
    body: Json
    offset: timedelta


class Client:
    """One management server. `now` is domain time; `transport` replaces the network in tests of failures."""

    def __init__(
        self,
        url: str,
        auth: tuple[str, str],
        *,
        now: Callable[[], datetime],
        verify: bool | str = True,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._now = now
        # Basic goes with the first request; a redirect could carry it elsewhere, so none is followed
        self._http = httpx.Client(
            base_url=self.url, auth=auth, verify=_trusted(verify), timeout=timeout, transport=transport,
            headers={"Accept": "application/json", "User-Agent": "bondbridge"}, follow_redirects=False, trust_env=False,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._http.close()

    def call(self, operation: str, arguments: Mapping[str, Json], params: Mapping[str, str] | None = None) -> Answer:
        """Carry out one operation of the catalogue.

        Raises Unreachable (certainly not done), InDoubt (a write that may be done), CredentialsRejected, Refused,
        Garbled (a read whose answer is unusable), BadInput (arguments, before anything is sent).
        """
        row = OPERATIONS[operation]
        wanted = request(row, arguments, params)
        try:
            with self._http.stream(wanted.method, wanted.path, params=wanted.params) as response:
                return self._answer(row, response, _content(response))
        except _NEVER_SENT as error:
            msg = f"{self.url} cannot be reached: {_cause(error)}"
            raise Unreachable(msg) from error
        except httpx.HTTPError as error:
            raise _unknown(row, f"no whole answer to {operation}: {_cause(error)}") from error
        except Garbled as error:
            if row.writes:
                raise InDoubt(str(error)) from error
            raise

    def read(self, operation: str, /, **arguments: Json) -> Json:
        """One object, or one complete list where the operation is paged."""
        if OPERATIONS[operation].paged:
            return self.walk(operation, **arguments)[0]
        return self.call(operation, arguments).body

    def walk(self, operation: str, /, **arguments: Json) -> tuple[list[Json], timedelta]:
        """Every item of a list and the clock's offset. A list in which things moved meanwhile is walked again."""
        for _ in range(_WALKS):
            items, offset, whole = self._walk_once(operation, arguments)
            if whole:
                return items, offset
        msg = f"{operation}: its objects kept moving between pages"
        raise Garbled(msg)

    def _walk_once(self, operation: str, arguments: Mapping[str, Json]) -> tuple[list[Json], timedelta, bool]:
        items: list[Json] = []
        counts: set[str] = set()
        paging = {"page_size": str(_PAGE_SIZE), "ordering": "id"} if OPERATIONS[operation].paged else {}
        for page in range(1, _MOST_PAGES):
            params = {**paging, "page": str(page)} if page > 1 else paging
            try:
                answer = self.call(operation, arguments, params)
            except Refused as error:
                if page > 1 and error.status == httpx.codes.NOT_FOUND:  # the list became shorter under our feet
                    return items, timedelta(), False
                raise
            if isinstance(answer.body, list):
                return answer.body, answer.offset, page == 1
            if not isinstance(answer.body, dict) or not isinstance(answer.body.get("results"), list):
                msg = f"{operation}: neither a list nor a page of one"
                raise Garbled(msg)
            items += answer.body["results"]
            counts.add(str(answer.body.get("count")))
            if not answer.body.get("next"):
                # a count that changed on the way means that something slipped from one page to another
                return items, answer.offset, counts <= {str(len(items)), "None"} and len(counts) == 1
        msg = f"{operation}: more than {_MOST_PAGES} pages"
        raise Garbled(msg)

    def _answer(self, row: Operation, response: httpx.Response, content: bytes) -> Answer:
        body, readable = _decoded(content)
        said = refusal(body) if readable else ""
        status = response.status_code
        if status == httpx.codes.UNAUTHORIZED or (status == httpx.codes.FORBIDDEN and "uthentication" in said):
            raise CredentialsRejected(f"{self.url} does not accept the user or password: {said or status}", status)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _unknown(row, f"{self.url} answered {status} to {row.name}")
        if not response.is_success:
            raise Refused(f"{status}" + (f": {said}" if said else ""), status)
        if not readable and not row.writes:
            msg = f"{row.name}: the answer is not JSON"
            raise Garbled(msg)
        return Answer(status, body, self._offset(response))

    def _offset(self, response: httpx.Response) -> timedelta:
        try:
            return parsedate_to_datetime(response.headers["Date"]) - self._now()
        except (KeyError, ValueError, TypeError):
            return timedelta()


def _content(response: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > _LARGEST_BODY:
            msg = f"the answer is larger than {_LARGEST_BODY // 2**20} MiB"
            raise Garbled(msg)
    return bytes(content)


def _decoded(content: bytes) -> tuple[Json, bool]:
    try:
        return decoded(content), True
    except ValueError:
        return None, False


def _unknown(row: Operation, message: str) -> AgainLater | InDoubt:
    """A read that failed did nothing; a write may have."""
    return InDoubt(message) if row.writes else Unreachable(message)


def _cause(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _trusted(verify: bool | str) -> bool | ssl.SSLContext:  # noqa: FBT001  the setting's own shape
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
