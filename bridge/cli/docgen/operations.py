"""`docs/operations.md`, made from the catalogue: `make docs`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bridge.actions.call_permissions import OWN
from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS, ROOT, Operation

PLACE = Path(__file__).parents[3] / "docs" / "operations.md"

_HEAD = f"""# Operations

Made from the catalogue by `make docs`. Paths are below `{ROOT}`. Arguments are part of the path: a
space is its key, everything else a whole number. **Danger**: any rule may call what operates; what
configures needs `configure` or its own name in the settings' `allow`; what administers (every
delete, too) needs its own name there; reads are for people. **Repeat** says what a second try of
the same request would do, and so what happens when the answer never came: `read` and `safe` are
sent again; for `once` we look first, and where **proof** is empty we ask a person. Notes are the
vendor's own preconditions.
"""


def text() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_sections(), *_aliases(), *_own(), *_impossible()])


def _sections() -> Iterator[str]:
    groups: dict[str, list[Operation]] = {}
    for row in OPERATIONS.values():
        groups.setdefault(row.name.partition(".")[0], []).append(row)
    for name, rows in groups.items():
        yield f"## {name}\n"
        yield from table(
            ("operation", "request", "danger", "repeat", "proof", "notes"), map(_line, rows)
        )


def _line(row: Operation) -> tuple[str, ...]:
    notes = [
        row.note,
        "takes fields" if row.takes else "",
        "a zip file" if row.zipped else "",
        "paged" if row.paged else "",
    ]
    return (
        f"`{row.name}`",
        f"`{row.method} {row.path}`",
        "never called" if row.private else row.danger.value,
        row.repeat.value,
        (row.proof or "").replace("_", " "),
        "; ".join(filter(None, notes)),
    )


def _aliases() -> Iterator[str]:
    yield "## By the type of the leg\n"
    yield (
        "One name for two operations: which one it is, and which bond it needs, the leg says"
        " itself.\n"
    )
    rows = (
        (
            f"`{each.name}`",
            ", ".join(each.arguments),
            each.sample.danger.value,
            f"`{each.sample.name}` …",
        )
        for each in ALIASES.values()
    )
    yield from table(("operation", "arguments", "danger", "as"), rows)


def _own() -> Iterator[str]:
    yield "## The bridge's own\n"
    yield from table(
        ("operation", "arguments"),
        ((f"`{name}`", ", ".join(arguments)) for name, arguments in OWN.items()),
    )


def _impossible() -> Iterator[str]:
    yield "## What there is none for\n"
    yield from table(("name", "why"), ((f"`{name}`", why) for name, why in IMPOSSIBLE.items()))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
