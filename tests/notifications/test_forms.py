"""What a message looks like in each form: whatever names are made of, it parses, and its words are
those that went in.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bridge.core.notifications.mentions import NOTHING
from bridge.core.notifications.message import Line, Look, Message, Part, linked, printable, said
from bridge.core.notifications.render import html, markdown, text
from bridge.core.notifications.render.markdown import Flavour
from bridge.core.notifications.truncation import fitting

URL = "https://bridge.example/ack/WyIzZjkh_-.ab~c"
PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<!channel>",
        "<@U1|x>",
        "</b>",
        "<!-- x",
        "<!x y>",
        "&lt;",
        "&#60;",
        "&amp",
        "**b**",
        "__u__",
        "_i_",
        "a_b",
        "~~s~~",
        "||x||",
        "`c`",
        "```",
        "[a](http://e.example)",
        "![i](http://e.example)",
        "[r]: x",
        "@all",
        "@everyone",
        "x@channel",
        "<@&1>",
        ":fire:",
        "# h",
        "- l",
        "+ l",
        "1. l",
        "1) l",
        "> q",
        "===",
        "---",
        "***",
        "| a |",
        "\\",
        "\\*",
        "$x$",
        "http://e.example/a_b?c=d&e=f",
        "http://e.example/**b**",
        "http://e.example/&lt;",
        "http://e.example/@all",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "\u202e",
        "\x00",
        "ü",
        "🙂",
        "{x}",
        "]]>",
        "bondbridge ack 3f9a2c1b",
    ]
)
TEXT = st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join)
NAME = TEXT.map(lambda text: " ".join(printable(text).split()))


class Page(HTMLParser):
    """The words of some HTML, its tags in the order they open, and whether each is closed where it
    should be.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.tags = list[str]()
        self.leads = list[str | None]()
        self.open = list[str]()
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append(tag)
        self.leads += [value for _, value in attrs]
        if tag != "br":
            self.open.append(tag)
        self.words += "\n" if tag in ("br", "ul", "li") else ""

    def handle_endtag(self, tag: str) -> None:
        """The last that was opened."""
        assert tag == "br" or self.open.pop() == tag
        self.words += "\n" if tag == "ul" else ""

    def handle_data(self, data: str) -> None:
        """Words."""
        self.words += data


def parsed(markdown: str) -> Page:
    """As a service shows it that keeps to CommonMark, with tables and what is struck out."""
    return Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def plain(text: str) -> str:
    """Words as they are compared: without what is not seen, and however they are spaced."""
    return " ".join(text.replace(NOTHING, "").split())


def unquoted(text: str) -> list[str]:
    """Words without quotation marks: code has these in place of backticks."""
    return re.sub("[`']", "", text).split()


def calls(text: str) -> list[str]:
    """What would call somebody."""
    return re.findall(r"@[\w&!]|<!\w|<#", text)


@given(NAME, TEXT)
@pytest.mark.parametrize("flavour", [Flavour.BACKSLASH, Flavour.ENTITIES])
def test_markdown_shows_the_words_that_went_in(flavour: Flavour, title: str, body: str) -> None:
    """Nothing in a name is markup, calls anybody or leads anywhere; what we mark ourselves is."""
    lines = [
        Line((Part(f"x{title}x", Look.BOLD),)),
        *said(body),
        Line((Part(title), Part("story", to=URL)), listed=True),
    ]
    written = markdown.written(lines, flavour)
    page = parsed(written)
    words = re.sub(r"(?<=\S)story$", " story", plain(page.words))
    assert (
        words.split()
        == plain(f"x{title}x {printable(' '.join(body.splitlines()))} {title} story").split()
    )
    assert set(page.tags) <= {"p", "br", "strong", "ul", "li", "a", "code"}
    assert page.tags.count("strong") == page.tags.count("li") == page.tags.count("a") == 1
    assert page.leads == [URL]
    assert calls(written.replace(URL, "")) == []


@given(TEXT)
def test_where_nothing_is_escaped_words_with_marks_are_code(body: str) -> None:
    """They are shown as they are, but for backticks; all else is words."""
    page = parsed(markdown.written(said(body), Flavour.CODED))
    assert unquoted(plain(page.words)) == unquoted(plain(printable(" ".join(body.splitlines()))))
    assert set(page.tags) <= {"p", "br", "code"}
    assert re.findall(r"@\w", markdown.written(said(body), Flavour.CODED)) == []


@given(NAME, TEXT, st.booleans(), st.booleans())
def test_html_shows_the_words_that_went_in(
    title: str, body: str, spelled: bool, called: bool
) -> None:
    """Each tag is ours, and is closed."""
    lines = [
        Line((Part(title, Look.BOLD),)),
        *said(body),
        Line((Part(title),), listed=True),
        linked("story", URL),
    ]
    written = html.written(lines, spelled=spelled, calls=called)
    page = Page(written)
    story = f"story: {URL}" if spelled else "story"
    assert (
        plain(page.words).split()
        == plain(f"{title}\n{printable(chr(10).join(body.splitlines()))}\n{title}\n{story}").split()
    )
    assert set(page.tags) <= {"b", "br", "ul", "li", "code", "kbd", "a"}
    assert page.leads == [URL]
    assert not called or re.findall(r"@\w", written.replace(URL, "")) == []


@given(TEXT)
def test_text_is_the_words_that_went_in(body: str) -> None:
    """Only what does not print is left out; each line stays one."""
    assert text.written(said(body)) == "\n".join(printable(line) for line in body.splitlines())


WRITERS: dict[str, Callable[[Sequence[Line]], str]] = {
    "text": text.written,
    "html": html.written,
    **{each: partial(markdown.written, flavour=each) for each in Flavour},
}


@pytest.mark.parametrize("form", WRITERS)
@given(st.lists(NAME, max_size=30), st.integers(0, 500), st.integers(100, 3000))
def test_what_is_too_long_is_cut_at_a_line(
    form: str, names: list[str], left: int, most: int
) -> None:
    """It fits, its link is whole, and what is shown and what is left out are all."""
    lines = tuple(
        Line((Part(f"leg {n} {name}"), Part("acknowledge", to=URL)), listed=True)
        for n, name in enumerate(names)
    )
    message = Message("", lines, (linked("story", URL),), left, "bondbridge events")
    written = fitting(message, WRITERS[form], len, most)
    assert len(written) <= most
    shown = len(
        re.findall(r"^(?:- |<ul><li>)?leg \d+|(?<=<li>)leg \d+|^- `?leg", written, re.MULTILINE)
    )
    (more,) = re.findall(r"… and (\d+) more: bondbridge events", written) or ["0"]
    assert shown + int(more) == len(names) + left
    assert written.count(URL) == shown + 1
    if form == "html":
        Page(written)


def test_of_little_room_the_links_have_most() -> None:
    """Words below a message go before its links, the last link before the first, and what is needed
    never.
    """
    foot = (
        Line((Part("told again every 1h while it lasts"),)),
        linked("acknowledge", URL),
        linked("story", URL),
    )
    message = Message("", said("space acme\nsince 12:00"), foot)
    by_room = {
        most: fitting(message, text.written, len, most).splitlines()
        for most in (300, 150, 120, 70, 40)
    }
    assert [len(lines) for lines in by_room.values()] == [5, 4, 3, 2, 2]
    assert by_room[120] == ["… and 2 more", f"acknowledge: {URL}", f"story: {URL}"]
    assert by_room[70] == ["… and 2 more", f"acknowledge: {URL}"]
    assert by_room[40] == ["space acme", "since 12:00"]
    needed = fitting(
        Message("", said("x" * 200), (linked("yes or no", URL, needed=True),)),
        text.written,
        len,
        20,
    )
    assert needed == f"yes or no: {URL}"


def test_what_begins_like_a_list_is_none() -> None:
    """A line of words stays one, also below or within a list of ours."""
    lines = [
        *said("- a\n1. b\n# c\n> d\n=== e\n    f"),
        Line((Part("- g"),), listed=True),
        *said("+ h"),
    ]
    page = parsed(markdown.written(lines))
    assert [page.tags.count(each) for each in ("ul", "li", "ol", "h1", "blockquote", "pre")] == [
        1,
        1,
        0,
        0,
        0,
        0,
    ]
