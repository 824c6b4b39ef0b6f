"""How an answer goes over the wire when a fault has struck: in pieces, with pauses, with too much
or too little.
"""

from collections.abc import Callable, Iterator
from itertools import chain, repeat

from bridge.simulator.faults.switches import FaultDecision

_PIECES = 100
_MEGABYTE = 1 << 20
# how an entry of a zip file begins: its name, and no word of how long it is
_ENTRY = b"PK\x03\x04\x14\x00\x08\x00\x00\x00" + bytes(16) + b"\x04\x00\x00\x00data"

Piece = bytes | float  # bytes to write, or seconds to wait


def headers(
    fate: FaultDecision, given: list[tuple[str, str]], body: bytes
) -> list[tuple[str, str]]:
    """Give the headers that go with it: the length is that of all that comes, or left out where it
    never ends.
    """
    told = {name.lower(): value for name, value in given}.get("content-length", str(len(body)))
    if fate.kind == "huge":
        told = str(len(body) + int(fate.megabytes * _MEGABYTE))
    others = [(name, value) for name, value in given if name.lower() != "content-length"]
    if fate.kind == "endless_zip":
        return others
    return [*others, ("Content-Length", told)]


def ends(fate: FaultDecision) -> bool:
    """Whether the connection ends with this answer."""
    return fate.kind in {"cut", "drop", "endless_zip"}


def pieces(fate: FaultDecision, body: bytes) -> Iterator[Piece]:
    """Give what is sent after the head, in order."""
    return _SENT.get(fate.kind or "", _whole)(fate, body)


def _whole(_: FaultDecision, body: bytes) -> Iterator[Piece]:
    yield body


def _cut(_: FaultDecision, body: bytes) -> Iterator[Piece]:
    yield body[: len(body) // 2]


def _dripping(fate: FaultDecision, body: bytes) -> Iterator[Piece]:
    size = max(1, -(-len(body) // _PIECES))
    drops = [body[at : at + size] for at in range(0, len(body), size)]
    for drop in drops:
        yield fate.seconds / len(drops)
        yield drop


def _stalling(fate: FaultDecision, body: bytes) -> Iterator[Piece]:
    yield body[: len(body) // 2]
    yield float(fate.seconds)
    yield body[len(body) // 2 :]


def _huge(fate: FaultDecision, body: bytes) -> Iterator[Piece]:
    blanks, rest = divmod(int(fate.megabytes * _MEGABYTE), _MEGABYTE)
    return chain([body], repeat(b" " * _MEGABYTE, blanks), [b" " * rest])


def _endless(_: FaultDecision, body: bytes) -> Iterator[Piece]:
    del body
    return chain([_ENTRY], repeat(bytes(1 << 16)))


_SENT: dict[str, Callable[[FaultDecision, bytes], Iterator[Piece]]] = {
    "cut": _cut,
    "drip": _dripping,
    "stall": _stalling,
    "huge": _huge,
    "endless_zip": _endless,
}
