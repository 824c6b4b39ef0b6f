"""YAML as plain data with its places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.yaml_document import Document, read
from bridge.errors import BadInput


def test_every_part_has_its_line_and_column() -> None:
    """Keys, items and values stand where they were written, counted from one."""
    document = read("id: x\ndo:\n  - call: a\n    with: {bond: 3}\n  - b\n", "r.yaml")
    assert document.data == {"id": "x", "do": [{"call": "a", "with": {"bond": 3}}, "b"]}
    assert document.marks[()] == (1, 1)
    assert document.marks["do",] == (2, 1)
    assert document.marks["do", 0] == (3, 5)
    assert document.marks["do", 0, "with"] == (4, 5)
    assert document.marks["do", 0, "with", "bond"] == (4, 12)
    assert document.marks["do", 1] == (5, 5)


def test_a_problem_points_at_the_nearest_place_that_is_written() -> None:
    """What is missing is shown at the part that should have had it."""
    document = read("id: x\ndo:\n  - call: a\n", "r.yaml")
    assert (
        str(document.problem(("do", 0, "with", "bond"), "is missing", "write it"))
        == "r.yaml:3:5: do.0.with.bond: is missing (write it)\n      - call: a\n        ^"
    )
    assert str(Document("env", {}, {}).problem(("a",), "is wrong")) == "env:1:1: a: is wrong"


def test_a_problem_quotes_its_line_with_a_caret() -> None:
    """A long line is cut around the column, and the caret stands below it."""
    document = read(f"a: {{{', '.join(f'k{n:03}: {n}' for n in range(60))}}}\n", "r.yaml")
    quoted, caret = document.problem(("a", "k050"), "is wrong").excerpt.splitlines()
    assert len(quoted) <= 120
    assert quoted[caret.index("^") :].startswith("k050: 50")
    assert document.problem(("a",), "is wrong").excerpt.splitlines()[1] == "^"


def test_a_line_that_may_hold_a_secret_is_not_quoted() -> None:
    """Problems travel: what looks like a password stays in the file, and so does every line of the
    settings.
    """
    text = "a:\n  Password: hush\n  API_TOKEN: hush\n  b: 1\n"
    document = read(text, "r.yaml")
    assert [document.problem(("a", key), "x").excerpt for key in ("Password", "API_TOKEN")] == [
        "",
        "",
    ]
    assert document.problem(("a", "b"), "x").excerpt
    assert read(text, "r.yaml", quoted=False).problem(("a", "b"), "x").excerpt == ""
    with pytest.raises(BadInput) as caught:
        read("secret: [hush", "r.yaml")
    assert "hush" not in str(caught.value)


def test_a_file_beyond_all_measure_is_refused_before_it_is_read() -> None:
    """A megabyte of YAML is no rule file, and is not parsed to find that out."""
    with pytest.raises(BadInput, match="too large: 1000000 characters at most"):
        read("- [\n" * 300_000, "r.yaml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: \x07", (2, 4)),
        ("a: 1\nb: !!int x", (2, 4)),
        ("a:\n  b: 2026-99-99", (2, 6)),
        ("a: !any [1]", (1, 4)),
    ],
)
def test_what_is_wrong_in_one_value_is_told_at_that_value(
    text: str, place: tuple[int, int]
) -> None:
    """Characters, numbers, dates and tags that YAML does not take have their line and column
    too.
    """
    with pytest.raises(BadInput) as caught:
        read(text, "r.yaml")
    assert [(each.line, each.column) for each in caught.value.problems] == [place]


def test_words_that_older_yaml_took_for_booleans_are_words() -> None:
    """`on`, `off`, `yes` and `no` stay what they look like, as keys and as values."""
    assert read("on: [on, off, yes, no, true, false]", "r.yaml").data == {
        "on": ["on", "off", "yes", "no", True, False]
    }


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 2026-01-01T00:00:00Z", {"a": "2026-01-01T00:00:00Z"}),
        ("a: 0o17", {"a": 15}),
        ("a: 12:30:45", {"a": "12:30:45"}),
        ("a: '${x}'", {"a": "${x}"}),
        ("1: a", {"1": "a"}),
        ("a: |\n  b\n  c\n", {"a": "b\nc\n"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_plain_data_comes_out(text: str, data: object) -> None:
    """Only what JSON has comes out; dates stay as they were written."""
    assert read(text, "r.yaml").data == data


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: [1", "r.yaml:1:6", "flow sequence"),
        ("\ta: 1", "r.yaml:1:1", "cannot start any token"),
        ("a: 1\n b: 2", "r.yaml:2:3", "not YAML"),
        ("a: *b", "r.yaml:1:4", "undefined alias"),
        ("a: !odd 1", "r.yaml:1:4", "tag"),
        ("a: !!python/object:os.system x", "r.yaml:1:4", "tag"),
        ("--- 1\n--- 2", "r.yaml:2:1", "single document"),
        ("a: !!int x", "r.yaml", "invalid literal"),
        ("a: !!bool maybe", "r.yaml", "not YAML"),
        ("a: 2026-99-99", "r.yaml", "month"),
        ("a: \x00", "r.yaml", "special characters"),
        ("a: " + "9" * 5000, "r.yaml", "4300 digits"),
    ],
)
def test_what_is_not_yaml_is_one_located_problem(text: str, place: str, says: str) -> None:
    """Every way of not being YAML is the same error, at its line where one is known."""
    with pytest.raises(BadInput) as caught:
        read(text, "r.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{place}:")
    assert says in str(problem)


def test_every_key_that_stands_twice_is_found() -> None:
    """Keys written twice are all named, each at the line of the second."""
    with pytest.raises(BadInput) as caught:
        read("a: 1\nb: {c: 1, c: 2}\na: 2\n1: x\n'1': y\n", "r.yaml")
    assert [(each.key, each.line) for each in caught.value.problems] == [
        ("b.c", 2),
        ("a", 3),
        ("1", 5),
    ]
    assert {each.what for each in caught.value.problems} == {"this key stands here twice"}


def bomb(levels: int) -> str:
    """A list that has ten to the power of so many parts once its aliases are followed."""
    lines = ["x0: &x0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


# the same, but as one key: [[0, …], [ten of it], [ten of that], …]
KEY_BOMB = (
    "? ["
    + ", ".join(f"&k{n} [{', '.join([f'*k{n - 1}' if n else '0'] * 10)}]" for n in range(5))
    + "]\n: 1"
)


@pytest.mark.parametrize(
    "text",
    [
        bomb(30),
        "&a [*a]",
        "a: &a {b: *a}",
        KEY_BOMB,
        "[" * 60 + "]" * 60,
        "[" * 400 + "]" * 400,
    ],
    ids=["bomb", "itself", "in itself", "bomb in a key", "deep", "very deep"],
)
def test_what_grows_without_bounds_is_refused(text: str) -> None:
    """A small text that stands for an endless one is refused and not followed."""
    with pytest.raises(BadInput):
        read(text, "r.yaml")


def test_a_large_honest_file_is_read() -> None:
    """The bounds are far from what a person writes."""
    text = "\n".join(
        f"- {{id: r{n}, when: [leg.down, leg.up], do: [{{a: {{b: {{c: {n}}}}}}}]}}"
        for n in range(500)
    )
    assert len(read(text, "r.yaml").data) == 500


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.text(st.characters(codec="ascii"), max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), below, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_json_is_yaml(value: object) -> None:
    """Whatever is written as JSON is read as it is."""
    import json  # noqa: PLC0415

    assert read(json.dumps(value), "r.yaml").data == value


@given(st.text(st.sampled_from("abc:-[]{}&*!?|>'\"#% \n\t01") | st.characters(), max_size=60))
def test_any_text_is_a_document_or_bad_input(text: str) -> None:
    """No text fails in another way."""
    try:
        read(text, "r.yaml")
    except BadInput as error:
        assert error.problems  # noqa: PT017 the other branch is no error
