"""Names by which people are told apart: two that only look different are one person's."""

from unicodedata import category, normalize


def same(one: str, other: str) -> bool:
    """Whether two names are one person's: `otto`, `Otto`, `otto ` are, and in wide letters."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    """The name without case, without what is not seen, and in the one spelling that Unicode has for
    it.
    """
    # casefolding can undo a normal form, so it is made again after it
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(
        sign for sign in folded if not sign.isspace() and category(sign) not in ("Cc", "Cf")
    )
