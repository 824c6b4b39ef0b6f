"""Names call nobody: what a chat would take for a mention or a picture is kept apart by nothing to
see.
"""

import re

# between two characters that would mean something side by side
NOTHING = "\u200b"
_PICTURE = re.compile(r"(?<!\w):(?=[\w+-]+:)")


def unmentioned(text: str) -> str:
    """The same words, in which no @ stands before a name, and no :word: is a picture."""
    return _PICTURE.sub(":" + NOTHING, text.replace("@", "@" + NOTHING))
