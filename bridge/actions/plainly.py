"""Words as words: names from elsewhere are no markup and call nobody, in whatever chat they are told."""

import re

# these show Markdown though Apprise takes what they are sent for plain text
_RENDERS = frozenset({"NotifyMattermost", "NotifyDiscord", "NotifyGuilded", "NotifyRevolt", "NotifyZulip"})
# in these an @ before a word calls somebody, Markdown or not
_CALLS = frozenset({"NotifyMatrix", "NotifyTelegram"})

_MARKS = re.compile(r"[\\`*_~|\[\]>]|^\s*#", re.MULTILINE)
_MENTION = re.compile(r"(?<!\w)@(?=\S)")
_ADDRESS = re.compile(r"(https?://\S+)")
# between @ and the name: nothing to see
_NOTHING = "\u200b"
_TITLE = 150


def plain(service: str, text: str, *, markdown: bool) -> str:
    """The text for a service, by the name of its plug-in. `markdown`: the plug-in takes it for Markdown.

    Addresses stay as they are: they are there to be opened, and what Apprise itself would make of them cannot be.
    """
    marks = markdown or service in _RENDERS
    if not (marks or service in _CALLS):
        return text
    parts = _ADDRESS.split(text)
    parts[::2] = [_words(part, marks=marks) for part in parts[::2]]
    return "".join(parts)


def titled(title: str, body: str) -> tuple[str, str]:
    """A title that is one line and fits on a phone; where it says less than it was, the body begins with all of it."""
    line = " ".join(title.split())
    if len(line) <= _TITLE:
        return line, body
    return line[: _TITLE - 1] + "…", f"{line}\n{body}" if body != title else line


def _words(text: str, *, marks: bool) -> str:
    if marks:
        text = _MARKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _MENTION.sub("@" + _NOTHING, text)
