"""The order in which the suite runs."""

import pytest

from tests.xdist_order import dealt


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_none_is_lost_and_each_process_begins_with_its_share(
    request: pytest.FixtureRequest, processes: int
) -> None:
    """All of the tests of this run are in the order once, and no short one stands before a long one
    of the same stretch.
    """
    items = request.session.items
    order = dealt(items, processes)
    assert sorted(order, key=id) == sorted(items, key=id)
    long = [item.get_closest_marker("takes") is not None for item in order]
    assert (
        sum(1 for before, after in zip([False, *long], long, strict=False) if after and not before)
        <= processes
    )
