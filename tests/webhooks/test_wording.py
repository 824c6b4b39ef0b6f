"""Words in chat rooms, whatever they are made of."""

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chat.reply import Reply
from bridge.webhooks import chat_markdown, slack
from bridge.webhooks.chat_text import address, cut, escaped, fitting, one_line

# with what means something in one room or another
words = st.text(
    st.sampled_from("<>&@*_`~[]()!#|:\\-/. \n\u202e\u200bé漢aA1")
    | st.characters(exclude_categories=["Cs"]),
    max_size=200,
)


@given(words, st.integers(min_value=8, max_value=120))
def test_escaped_words_keep_their_limit_and_their_meaning(text: str, most: int) -> None:
    """At most so many characters, on one line, no escape cut in two; what is kept reads as it was
    written.
    """
    shown = escaped(text, most, slack.escape)
    assert len(shown) <= most
    assert shown.isprintable()
    read = unescape(shown)
    assert one_line(text).startswith(read.removesuffix("…")) or read == one_line(text)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", shown)


@given(words)
def test_no_name_breaks_out_of_markdown(text: str) -> None:
    """Every mark is escaped, nobody is mentioned, nothing is an address, and taking the escapes
    away gives the words again.
    """
    shown = escaped(text, 3000, chat_markdown.escape)
    assert not re.search(r"@(?!\u200b)|://|<|(?<!\\)[`*_\[\]()#~|!]", re.sub(r"\\\\", "", shown))
    plain = re.sub(r"\\([\\`*_\[\]()#~|!])", r"\1", shown).replace("\u200b", "")
    assert unescape(plain) == unescape(one_line(text).replace("&", "&amp;")) or plain == unescape(
        plain
    )


@given(st.lists(st.text(max_size=30), max_size=60), st.integers(min_value=40, max_value=400))
def test_what_does_not_fit_is_counted(lines: list[str], most: int) -> None:
    """Lines from the first on, within the limit, and the number of those that are left out."""
    shown = fitting(lines, most)
    assert len("\n".join(shown)) <= most
    if shown == tuple(lines):
        return
    kept = shown[:-1]
    assert kept == tuple(lines[: len(kept)])
    assert shown[-1] == f"… and {len(lines) - len(kept)} more"


@given(words)
def test_an_answer_of_anything_can_be_shown_everywhere(text: str) -> None:
    """No platform's words fail, whatever an answer says."""
    answer = Reply(text, (text,) * 3, event=text or None)
    assert slack.Slack().shown(answer)["blocks"]
    assert isinstance(chat_markdown.written(answer, "/bond "), str)


def test_short_words_are_not_cut_and_addresses_end_where_they_end() -> None:
    """A cut is marked; an address cannot close the link it stands in."""
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")
    assert address("https://x/a_(b)>c|d e") == "https://x/a_%28b%29%3Ec%7Cd%20e"
