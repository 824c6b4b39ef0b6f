"""Lists in pages, on a server where things move meanwhile."""

from collections.abc import Callable

import pytest

from bridge.errors import Garbled

from .scripted_server import Asked, Reply, client_of, met, serving


def pages_of(items: Callable[[], list], size: int = 2) -> Callable[[Asked], Reply]:
    """A list in pages of this size, whatever size is asked for."""

    def say(asked: Asked) -> Reply:
        now = items()
        page = int(asked.params.get("page", 1))
        part = now[(page - 1) * size : page * size]
        if page > 1 and not part:
            return Reply({"detail": "Invalid page."}, 404)
        more = "http://elsewhere/next" if page * size < len(now) else None
        return Reply({"count": len(now), "next": more, "previous": None, "results": part})

    return say


def ids(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


def test_every_page_is_walked_in_order_of_ids() -> None:
    """The pages are put together, each asked for with the same size and order, from this server
    alone.
    """
    with met(pages_of(lambda: ids(1, 2, 3, 4, 5))) as (client, server):
        assert client.walk("leg.list")[0] == ids(1, 2, 3, 4, 5)
    assert [asked.params.get("page") for asked in server.asked] == [None, "2", "3"]
    assert {(asked.params["page_size"], asked.params["ordering"]) for asked in server.asked} == {
        ("200", "id")
    }


@pytest.mark.parametrize("numbers", [(), (1,), (1, 2), (1, 2, 3)])
def test_short_lists_are_whole(numbers: tuple[int, ...]) -> None:
    """No object, one, a full page and one more are all there."""
    with met(pages_of(lambda: ids(*numbers))) as (client, _):
        assert client.read("leg.list") == ids(*numbers)


def test_a_bare_array_is_a_whole_list() -> None:
    """A server that does not page gives everything at once."""
    with met(Reply(ids(1, 2, 3))) as (client, server):
        assert client.walk("leg.list")[0] == ids(1, 2, 3)
        assert client.walk("backup.list")[0] == ids(1, 2, 3)
    assert [asked.params for asked in server.asked] == [{"page_size": "200", "ordering": "id"}, {}]


def changing(*states: list) -> Callable[[], list]:
    """A list that is each of these for one request, and the last of them from then on."""
    turns = iter(states)
    last: list = []

    def now() -> list:
        nonlocal last
        last = next(turns, last)
        return last

    return now


@pytest.mark.parametrize(
    "states",
    [
        [ids(1, 2, 3, 4), ids(2, 3, 4)],
        [ids(1, 2, 3, 4, 5), ids(1, 2, 3, 4, 5), ids(1, 2, 4, 5)],
        [ids(1, 2, 3), ids(2, 3)],
        [ids(1, 2, 3), ids(1, 2, 3, 4)],
        [ids(1, 2, 3, 4), ids(1, 3, 4)],
    ],
    ids=["first of four", "third of five", "page gone", "one more", "second of four"],
)
def test_a_list_in_which_things_move_is_walked_again(states: list[list]) -> None:
    """Whatever comes or goes between two pages, what is handed on is the list as it is, with none
    missing.
    """
    with met(pages_of(changing(*states))) as (client, _):
        assert client.walk("leg.list")[0] == states[-1]


def test_a_list_that_never_stands_still_is_garbled() -> None:
    """After some walks in which things moved there is no list."""
    numbers = iter(range(1000))

    def restless() -> list:
        return ids(*range(next(numbers) % 2, 4))

    with met(pages_of(restless)) as (client, _), pytest.raises(Garbled, match="kept moving"):
        client.walk("leg.list")


def test_a_count_that_is_never_right_is_garbled() -> None:
    """A server that says there is more than it shows gives no list."""
    with (
        met(Reply({"count": 3, "next": None, "results": ids(1, 2)})) as (client, server),
        pytest.raises(Garbled),
    ):
        client.walk("leg.list")
    assert 1 < len(server.asked) < 10


@pytest.mark.parametrize(
    "body",
    [{}, {"results": {}}, {"results": None, "count": 0}, "text", 5, None, True],
    ids=["{}", "dict", "null", "s", "n", "None", "b"],
)
def test_what_is_no_list_is_garbled(body: object) -> None:
    """Neither an array nor a page of one is no list, however well it is JSON."""
    with met(Reply(body)) as (client, _), pytest.raises(Garbled):
        client.walk("leg.list")


def walked(*walks: list[list[dict]], count: int | None = None) -> tuple[list | None, int]:
    """What a walk gives when the server's pages are these, one set for each walk, and how many
    walks it took.
    """
    begun = -1

    def say(asked: Asked) -> Reply:
        nonlocal begun
        page = int(asked.params.get("page", 1))
        begun += page == 1
        pages = walks[min(begun, len(walks) - 1)]
        total = sum(map(len, pages)) if count is None else count
        return Reply(
            {"count": total, "next": "x" if page < len(pages) else None, "results": pages[page - 1]}
        )

    with serving(say) as server:
        client = client_of(server.url)
        try:
            return client.walk("leg.list")[0], begun + 1
        except Garbled:
            return None, begun + 1
        finally:
            client.close()


def test_a_double_is_dropped() -> None:
    """The same object twice on a page is one, though its rates differ; two that differ otherwise
    both stay to be seen.
    """
    assert walked([[{"id": 1, "upload_rate": 5}, {"id": 1, "upload_rate": 6}, {"id": 2}]]) == (
        [{"id": 1, "upload_rate": 5}, {"id": 2}],
        1,
    )
    assert walked([[{"id": 1, "note": "a"}, {"id": 1, "note": "b"}]])[0] == [
        {"id": 1, "note": "a"},
        {"id": 1, "note": "b"},
    ]


def test_what_moved_at_an_equal_count_is_walked_again() -> None:
    """One went and one came between two pages: the pages overlap, or the second begins before the
    first ends.
    """
    whole = [ids(0, 1), ids(2, 3)]
    assert walked([ids(1, 2), ids(2, 3)], whole) == (ids(0, 1, 2, 3), 2)
    assert walked([ids(5, 9), ids(7, 11)], whole) == (ids(0, 1, 2, 3), 2)


def test_a_server_that_always_repeats_gets_its_list_read() -> None:
    """Where each walk shows the same overlap, it is the server's way, and each object is there
    once.
    """
    assert walked([ids(1, 2), ids(2, 3)]) == (ids(1, 2, 3), 3)


def test_a_list_in_another_order_is_fine() -> None:
    """A server that does not order by id is not walked again for that."""
    assert walked([ids(9, 2), ids(7, 1)]) == (ids(9, 2, 7, 1), 1)
