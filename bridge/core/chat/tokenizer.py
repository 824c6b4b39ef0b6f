"""A line as a person types it → its words. Quotes hold words together, those that telephones make
of them too.
"""

from unicodedata import category

# what opens → what closes it
_QUOTES = {
    '"': '"',
    "'": "'",
    "“": "”„“",
    "”": "”",
    "„": "“”",
    "‟": "”",
    "«": "»",
    "»": "«",
    "‘": "’",
    "‚": "‘’",
    "’": "’",
}
_LONGEST = 1000
_DIRECTIONS = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """The text with a space for each sign that steers what shows it: lines of a log, a terminal,
    the direction of writing.
    """
    return "".join(" " if category(sign) == "Cc" or sign in _DIRECTIONS else sign for sign in text)


def split(text: str) -> list[str]:
    """`'restart "north office" now'` → three words. Raises ValueError for a quote that is never
    closed, and for too much.

    A quote opens only where a word begins, so that o'brien is one word; a backslash in quotes makes
    the next sign plain.
    """
    if len(text) > _LONGEST:
        msg = f"that is too long: {_LONGEST} signs at most"
        raise ValueError(msg)
    words: list[str] = []
    rest = text.strip()
    while rest:
        word, rest = _quoted(rest) if rest[0] in _QUOTES else _plain(rest)
        words.append(word)
        rest = rest.lstrip()
    return words


def quoted(word: str) -> str:
    """The word as it can be typed: `split(quoted(word)) == [word]`."""
    plain = word and word[0] not in _QUOTES and not any(sign.isspace() for sign in word)
    if plain:
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(text: str) -> tuple[str, str]:
    end = next((place for place, sign in enumerate(text) if sign.isspace()), len(text))
    return text[:end], text[end:]


def _quoted(text: str) -> tuple[str, str]:
    closes = _QUOTES[text[0]]
    word = ""
    plain = False
    for place, sign in enumerate(text[1:], 1):
        if plain:
            word = word + sign
            plain = False
        elif sign == "\\":
            plain = True
        elif sign in closes and (place + 1 == len(text) or text[place + 1].isspace()):
            return word, text[place + 1 :]
        else:
            word += sign
    msg = f"a quote is never closed: {text[:40]!r}"
    raise ValueError(msg)
