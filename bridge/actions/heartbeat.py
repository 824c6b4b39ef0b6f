"""A dead man's switch, as healthchecks.io has it: called while all is well, told when not, alarmed
when it hears nothing.
"""

from bridge.actions import outbound_http

_LONGEST = 2_000
_FAIL = "/fail"


class Ping:
    """`url` is a secret: anyone who has it can say that all is well. No error shows more of it than
    the host.
    """

    def __init__(self, url: str, timeout: float) -> None:
        # a person who keeps the settings wrote it: it may lead inside
        self._well = outbound_http.at(url, inside=True, timeout=timeout)
        address = self._well.url
        self._wrong = outbound_http.at(
            str(address.copy_with(path=address.path.rstrip("/") + _FAIL)),
            inside=True,
            timeout=timeout,
        )

    def __call__(self, wrong: str) -> None:
        """Say that all is well, or in one line what is not. Raises Unreachable, InDoubt,
        Refused.
        """
        if wrong:
            self._wrong.post(
                wrong[:_LONGEST].encode(), {"Content-Type": "text/plain; charset=utf-8"}
            )
        else:
            self._well.get()
