"""One management server: every operation of the catalogue, over pooled connections."""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import httpx

from bridge.bonding.catalogue import OPERATIONS, Danger, Operation
from bridge.bonding.client import downloads, responses, tls_probe
from bridge.bonding.client.authentication import Credentials, User
from bridge.bonding.client.clock_offset import ClockOffset
from bridge.bonding.client.connection_fixes import fix_for
from bridge.bonding.client.pagination import walk
from bridge.bonding.client.proxy import proxy_for
from bridge.bonding.client.responses import Response
from bridge.bonding.rate_limit import LONGEST
from bridge.bonding.wire import Request, request
from bridge.core.model import Body, Json
from bridge.errors import BadInput, CredentialsRejected, Garbled, InDoubt, Problem, Unreachable

# The request cannot have reached the server, so it cannot have done anything.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)

# A whole answer may take so many times as long as one step of it; a download so many.
_WHOLE = 3.0
_DOWNLOAD = 60.0
_LARGEST_DOWNLOAD = 2 * 2**30  # bytes

_Told = TypeVar("_Told")
_Offset = Callable[[datetime | None], timedelta]


class Client:
    """One management server. `now` is domain time; `transport` replaces the network in tests of
    failures.

    `users` are those of single classes of action, else it is `auth`; `budget` is called before each
    request and may wait; `concurrency` is how many requests this process has under way at once;
    `ticks` is a clock in seconds for time-outs.
    """

    def __init__(
        self,
        url: str,
        auth: User,
        *,
        now: Callable[[], datetime],
        verify: bool | str = True,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        users: Mapping[Danger, User] | None = None,
        tokens: bool = False,
        concurrency: int | None = None,
        budget: Callable[[], None] = lambda: None,
        largest_download: int = _LARGEST_DOWNLOAD,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self._now = now
        self._ticks = ticks
        self._timeout = timeout
        self._budget = budget
        self._largest_download = largest_download
        self._clock = ClockOffset()
        self._credentials = Credentials(auth, users or {}, tokens=tokens)
        # credentials go with the first request; a redirect could carry them elsewhere, so none is
        # followed
        self._http = httpx.Client(
            base_url=self.url,
            verify=_trusted(verify),
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            proxy=None if transport else proxy_for(self.url),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            headers={"Accept": "application/json", "User-Agent": "bondbridge"},
        )

    @property
    def longest(self) -> float:
        """Seconds after which a call has an end, whatever the server does: connecting, the budget's
        wait, the whole answer.
        """
        return self._timeout * (1 + _WHOLE) + LONGEST

    @property
    def longest_download(self) -> float:
        """The same for a download."""
        return self._timeout * (1 + _DOWNLOAD) + LONGEST

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._http.close()

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Json],
        *,
        body: Json = None,
        params: Mapping[str, str] | None = None,
    ) -> Response:
        """Carry out one operation of the catalogue; `body` are an object's fields, `params` the
        query of a read.

        Raises Unreachable (certainly not done; Busy where the server asks for time), InDoubt (a
        write that may be done), CredentialsRejected, Forbidden, Refused, Garbled (a read whose
        answer is unusable), BadInput (before anything is sent).
        """
        row = OPERATIONS[operation]
        wanted = request(row, arguments, params, body)
        if row.zipped:
            raise BadInput(
                [Problem(operation, "its answer is a zip file", "download it to a file")]
            )
        return self._sent(row, partial(self._call, row, wanted))

    def read(self, operation: str, /, **arguments: Json) -> Json:
        """One object, or one complete list where the operation is paged."""
        if OPERATIONS[operation].paged:
            return self.walk(operation, **arguments)[0]
        return self.call(operation, arguments).body

    def describe(self, operation: str, /, **arguments: Json) -> Json:
        """What the server says of an operation's address: the answer to an OPTIONS there. Raises as
        a read does.
        """
        row = OPERATIONS[operation]
        asking = replace(row, method="OPTIONS", danger=Danger.READ, takes=False)
        # as the user who would call it: the fields of what somebody may not do are not told
        return self._sent(row, partial(self._call, asking, request(asking, arguments))).body

    def walk(
        self, operation: str, /, params: Mapping[str, str] | None = None, **arguments: Json
    ) -> tuple[list[Json], timedelta]:
        """Every item of a list once, and the clock's offset. A list in which things moved meanwhile
        is walked again.

        `params` are the query's, besides the pages'.
        """
        more = dict(params or {})
        return walk(
            OPERATIONS[operation],
            lambda paging: self.call(operation, arguments, params={**more, **paging}),
        )

    def download(self, operation: str, to: Path, /, **arguments: Json) -> int:
        """Save the zip file that an operation gives, checked whole, under this name; its size in
        bytes.

        Raises Garbled for a file that does not end, is damaged, or too large: then there is no
        file. Else as `call`.
        """
        row = OPERATIONS[operation]
        if not row.zipped:
            raise BadInput([Problem(operation, "its answer is no zip file", "call it instead")])
        return self._sent(row, partial(self._download, row, request(row, arguments), to))

    def introduce(self, danger: Danger) -> None:
        """Ask for nothing but whether the server knows the user of this class of action. Raises as
        `call`.
        """
        row = replace(OPERATIONS["core.list"], danger=danger)
        self._sent(row, partial(self._call, row, request(row, {})))

    def certificate(self) -> Body | None:
        """The TLS certificate the server shows in its handshake, trusted or not; None for plain
        http.
        """
        return tls_probe.certificate(self.url, self._timeout)

    def _sent(self, row: Operation, send: Callable[[str], _Told]) -> _Told:
        """Send with the credentials of the row's class; a token that ran out is renewed once."""
        header = self._credentials.header(row.danger, self._http)
        try:
            return send(header)
        except CredentialsRejected as error:
            if not self._credentials.renewable or error.status != httpx.codes.UNAUTHORIZED:
                raise
        self._credentials.forget(header)
        return send(self._credentials.header(row.danger, self._http))

    def _call(self, row: Operation, wanted: Request, header: str) -> Response:
        in_time = self._in_time(_WHOLE)
        with self._exchange(row, wanted, header) as (response, offset):
            content = responses.content(response, in_time)
            return responses.answer(row, response, content, offset)

    def _download(self, row: Operation, wanted: Request, to: Path, header: str) -> int:
        in_time = self._in_time(_DOWNLOAD)
        with self._exchange(row, wanted, header) as (response, _):
            if not response.is_success:
                responses.check(row, response, responses.content(response, in_time))
            return downloads.save(response, to, self._largest_download, in_time)

    @contextmanager
    def _exchange(
        self, row: Operation, wanted: Request, header: str
    ) -> Iterator[tuple[httpx.Response, _Offset]]:
        """One request, its answer as it comes in, and what its Date says of the clocks; failures
        become errors of ours.
        """
        self._budget()
        headers = {"Authorization": header, "Accept": "*/*" if row.zipped else "application/json"}
        if wanted.body is None:
            content = None
        else:
            content = json.dumps(wanted.body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        sent = self._now()
        try:
            with self._http.stream(
                wanted.method, wanted.path, params=wanted.params, content=content, headers=headers
            ) as response:
                yield response, partial(self._offset, sent, self._now())
        except _NEVER_SENT as error:
            msg = f"{self.url} cannot be reached: {_cause(error)}{fix_for(error)}"
            raise Unreachable(msg) from error
        except httpx.HTTPError as error:
            if self._plain_refused(error):
                fix = " (does it want https://? write that in `url`)"
            else:
                fix = ""
            raise responses.unknown(
                row, f"no whole answer to {row.name}: {_cause(error)}{fix}"
            ) from error
        except Garbled as error:
            if row.writes:
                raise InDoubt(str(error)) from error
            raise

    def _plain_refused(self, error: httpx.HTTPError) -> bool:
        """Whether it is what a server that wants TLS does to plain http: it hangs up, or answers in
        no HTTP.
        """
        return self.url.startswith("http://") and isinstance(
            error, httpx.RemoteProtocolError | httpx.ReadError
        )

    def _offset(self, sent: datetime, received: datetime, date: datetime | None) -> timedelta:
        if date:
            return self._clock.heard(date, sent, received)
        return self._clock.known

    def _in_time(self, times: float) -> Callable[[], None]:
        """Called for every piece of an answer: raises once the whole has taken too long, however
        the pieces drip.
        """
        longest = self._timeout * times
        end = self._ticks() + longest

        def check() -> None:
            if self._ticks() > end:
                raise httpx.ReadTimeout(f"it went on for more than {longest:.0f}s")

        return check


def _cause(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _trusted(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001  the setting's own shape
    if isinstance(verify, str):
        return ssl.create_default_context(cafile=verify)
    if verify:
        return _usual()
    return httpx.create_ssl_context(verify=False)


@cache
def _usual() -> ssl.SSLContext:
    """Read once, however many servers there are: it is a long list."""
    return httpx.create_ssl_context(trust_env=False)
