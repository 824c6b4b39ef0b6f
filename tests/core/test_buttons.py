from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chat.signed_tokens import ApprovalButton, ApprovalLink, TokenSigner

SEALS = TokenSigner(b"k" * 32)
CHOICE = ApprovalButton("a" * 24, "b" * 24, yes=True, hook="slack", place="noc/1")


@given(st.text(), st.text(), st.booleans(), st.text(), st.text())
def test_what_is_sealed_is_opened(
    approval: str, plan: str, yes: bool, hook: str, place: str
) -> None:
    """Whatever a button or a link says comes back as it was, and each opens only as what it is."""
    choice = ApprovalButton(approval, plan, yes, hook, place)
    way = ApprovalLink(approval, plan, hook)
    button = SEALS.button(choice)
    link = SEALS.link(way)
    if len(button) <= 2000:
        assert SEALS.pressed(button) == choice
        assert SEALS.followed(link) == way
    assert SEALS.followed(button) is None
    assert SEALS.pressed(link) is None


@given(st.text())
def test_what_is_not_sealed_is_nothing(text: str) -> None:
    """No text is a button or a link by chance, and none is an error."""
    assert SEALS.pressed(text) is None
    assert SEALS.followed(text) is None


@given(st.integers(0, 98), st.characters(codec="ascii"))
def test_a_changed_letter_breaks_the_seal(place: int, letter: str) -> None:
    """Each letter of a button counts."""
    value = SEALS.button(CHOICE)
    changed = value[:place] + letter + value[place + 1 :]
    assert SEALS.pressed(changed) in ((CHOICE,) if changed == value else (None,))


def test_another_key() -> None:
    """What another bridge sealed is nothing here; and a button fits into what platforms take."""
    assert TokenSigner(b"x" * 32).pressed(SEALS.button(CHOICE)) is None
    assert len(SEALS.button(CHOICE)) < 200


def test_no_and_yes_have_different_seals() -> None:
    """The seal of one is no seal of the other."""
    yes, no = (each.value for each in SEALS.yes_or_no("a", "b", "slack"))
    assert SEALS.pressed(yes.rpartition(".")[0] + "." + no.rpartition(".")[2]) is None
    assert [SEALS.pressed(each).yes for each in (yes, no) if SEALS.pressed(each)] == [True, False]
