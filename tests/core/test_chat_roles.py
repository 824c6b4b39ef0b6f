"""Who holds which role where: what a person sees, and how far what they ask for reaches."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject
from bridge.core.chat.principal import Principal
from bridge.core.chat.roles import Grant, Role, held

SPACES = ("acme", "acme-north", "globex", "lab")
GLOBS = st.lists(
    st.sampled_from(("acme", "acme*", "*", "glob*", "lab", "nowhere", "*-north")), max_size=3
).map(tuple)
GRANTS = st.lists(
    st.builds(
        Grant,
        st.sampled_from(Role),
        st.sampled_from(("", "u1")),
        st.sampled_from(("", "r1")),
        GLOBS,
    ),
    max_size=4,
)
WITHIN = st.none() | GLOBS.filter(bool)


@given(GRANTS, WITHIN, st.sampled_from(Role))
def test_what_is_asked_for_reaches_exactly_where_the_role_is_held(
    grants: list[Grant], within: tuple[str, ...] | None, needed: Role
) -> None:
    """A space is within reach if and only if the person holds the role there and their way in may
    touch it.
    """
    asker = Principal("ana", grants, within)
    reach = asker.reach(needed, SPACES)
    for space in SPACES:
        reached = reach is None or any(fnmatchcase(space, glob) for glob in reach)
        role = asker.role(space)
        assert reached == (role is not None and role >= needed)
    if reach is None:
        assert asker.everywhere(needed)
        assert (asker.role(None) or 0) >= needed


@given(GRANTS, WITHIN)
def test_nothing_outside_is_seen(grants: list[Grant], within: tuple[str, ...] | None) -> None:
    """Of a fleet there is left what lies in spaces where some role is held; what is nowhere only
    for who sees everything.
    """
    asker = Principal("ana", grants, within)
    bonds = [
        InventoryObject("bond", str(n), f"b{n}", space, {"id": n})
        for n, space in enumerate((*SPACES, None))
    ]
    seen = {
        each.space
        for each in Inventory(bonds=bonds).seen(lambda space: asker.role(space) is not None).bonds
    }
    assert seen == {space for space in (*SPACES, None) if asker.role(space) is not None}
    if within is not None:
        assert None not in seen


@given(GRANTS, st.none() | st.just(Role.VIEWER))
def test_a_stranger_has_what_strangers_have(grants: list[Grant], strangers: Role | None) -> None:
    """Anyone not named in a line has the role of strangers, or none; lines for others give them
    nothing.
    """
    mine = held(grants, strangers, "u2", "r2")
    told = [each for each in grants if not each.user and not each.room]
    assert sorted(mine, key=str) == sorted(
        told or ([Grant(strangers)] if strangers else []), key=str
    )
