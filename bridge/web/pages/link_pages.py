"""What the pages behind links of ours share: who somebody is who holds a link, and how a page is
made.
"""

from flask import Response, make_response, render_template, request

_LONGEST = 60


def holder(channel: str) -> str:
    """A holder of the link that was sent there, and what they say in the form they are called."""
    said = "".join(each for each in request.form.get("name", "") if each.isprintable()).strip()[
        :_LONGEST
    ]
    held = f"a holder of the link sent to {channel}"
    if said:
        return f"{said} ({held})"
    return held


def page(template: str, **values: object) -> Response:
    """The page; what others' servers sent may hold halves of characters, which no encoding
    knows.
    """
    body = render_template(template, **values).encode("utf-8", "replace")
    return make_response(body, {"Content-Type": "text/html; charset=utf-8"})
