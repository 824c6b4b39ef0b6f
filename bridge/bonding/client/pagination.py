"""Every item of a list that comes in pages, from a server on which things move meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import httpx

from bridge.bonding.catalogue import KINDS, Operation
from bridge.bonding.client.responses import Response
from bridge.bonding.wire import reference
from bridge.core.canonical_json import canonical
from bridge.core.model import Json
from bridge.errors import Garbled, Refused

PAGE_SIZE = 200
_MOST_PAGES = 5_000
_WALKS = 3

Ask = Callable[[Mapping[str, str]], Response]


@dataclass(slots=True)
class _Walk:
    """One walk: its pages, the counts they named, and whether it came to an end."""

    pages: list[list[Json]] = field(default_factory=list)
    counts: set[str] = field(default_factory=set)
    offset: timedelta = timedelta()
    ended: bool = False

    @property
    def items(self) -> list[Json]:
        return [item for page in self.pages for item in page]

    def unique(self, row: Operation) -> list[Json]:
        """The same object listed twice is one; two that differ are left for anyone who reads
        them.
        """
        if row.kind in KINDS:
            volatile = KINDS[row.kind].volatile
        else:
            volatile = frozenset()
        found: dict[object, Json] = {}
        for place, item in enumerate(self.items):
            if isinstance(item, dict):
                told = {name: value for name, value in item.items() if name not in volatile}
            else:
                told = None
            found.setdefault(
                place if told is None or reference(item) is None else canonical(told), item
            )
        return list(found.values())

    @property
    def counted(self) -> bool:
        """A count that changed on the way means that something slipped from one page to another."""
        return (
            self.ended and len(self.counts) == 1 and self.counts <= {str(len(self.items)), "None"}
        )

    @property
    def disturbed(self) -> bool:
        """Something left and something else came between two pages: the next one overlaps, or
        begins too early.

        A server that does not list by id at all gives no such sign.
        """
        numbers = [[reference(item) for item in page] for page in self.pages]
        whole = [
            [each for each in page if each is not None]
            for page in numbers
            if page and None not in page
        ]
        overlap = any(set(one) & set(two) for one, two in pairwise(whole))
        in_order = all(page == sorted(page) for page in whole)
        return overlap or (in_order and any(one[-1] > two[0] for one, two in pairwise(whole)))


def walk(row: Operation, ask: Ask) -> tuple[list[Json], timedelta]:
    """Every item once, and the clock's offset. A list in which things moved meanwhile is walked
    again. Raises Garbled.
    """
    for left in reversed(range(_WALKS)):
        found = _once(row, ask)
        # a list that is disturbed each time at the same count is that server's way
        if found.counted and not (found.disturbed and left):
            return found.unique(row), found.offset
    msg = f"{row.name}: its objects kept moving between pages"
    raise Garbled(msg)


def _once(row: Operation, ask: Ask) -> _Walk:
    found = _Walk()
    if row.paged:
        paging = {"page_size": str(PAGE_SIZE), "ordering": "id"}
    else:
        paging = {}
    for page in range(1, _MOST_PAGES):
        try:
            answer = ask({**paging, "page": str(page)} if page > 1 else paging)
        except Refused as error:
            if (
                page > 1 and error.status == httpx.codes.NOT_FOUND
            ):  # the list became shorter under our feet
                return found
            raise
        found.offset = answer.offset
        if isinstance(answer.body, list):
            return _Walk([answer.body], {"None"}, answer.offset, ended=page == 1)
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("results"), list):
            msg = f"{row.name}: neither a list nor a page of one"
            raise Garbled(msg)
        found.pages.append(answer.body["results"])
        found.counts.add(str(answer.body.get("count")))
        if not answer.body.get("next"):
            found.ended = True
            return found
    msg = f"{row.name}: more than {_MOST_PAGES} pages"
    raise Garbled(msg)
