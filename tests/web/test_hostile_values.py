"""Every route with values that nobody means well: an answer of the sender's fault, on both
databases, and never one of ours.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from flask import Flask

from bridge import config
from bridge.core.json_safety import decoded
from bridge.store.database import Database
from bridge.web.app import create_app
from bridge.webhooks import generic_hmac
from tests.web.app_harness import SECRET, House, serving

PATHS = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%0a",
    "%2e%2e%2f",
    "x" * 3000,
    "9" * 400,
    "%F0%9F%92%A9",
    "'; DROP TABLE events; --",
)
QUERIES = ("%00", "%ED%B2%80", "9" * 400, "-1", "1e9", "%C3%A9" * 300, "' OR 1=1")
BODIES = (
    b"[" * 20_000,
    b'{"a":' * 20_000,
    b"\xff\xfe",
    b'{"server": "\\u0000"}',
    b'{"server": "\\ud800", "why": "\\udc00"}',
    b'{"server": "hq", "server": "other"}',
    b'{"for": "9e999"}',
    b'{"for": ' + b"9" * 500 + b"}",
    b"NaN",
    b"null",
    b"",
    b'{"about": ' + b'{"a":' * 60 + b"1" + b"}" * 61,
    ('{"why": "' + "x" * 1500 + '"}').encode(),
    b'{"server": ["hq"]}',
)
_ARGUMENT = re.compile(r"<(?:\w+:)?\w+>")


@pytest.fixture
def anywhere(
    settings_file: object, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """The application on this database."""
    monkeypatch.setenv("BONDBRIDGE_DATABASE", database.url)
    with serving(config.load(settings_file)) as house:  # type: ignore[arg-type]
        yield house


def routes(house: House) -> list[tuple[str, str]]:
    """Every method and path of the application."""
    app: Flask = create_app(house.bridge, lambda *_: None)
    found = [
        (method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()
    ]
    return sorted(
        (method, path)
        for method, path in found
        if method in ("GET", "POST", "DELETE", "PUT", "PATCH")
    )


def failures(house: House, client: httpx.Client) -> Iterator[str]:
    """What was answered as if it were our fault."""
    for method, path in routes(house):
        addresses = [
            _ARGUMENT.sub(lambda _, value=value: quote(value, safe="%"), path) for value in PATHS
        ]  # type: ignore[misc]
        plain = addresses[-2]
        requests = [{"url": each} for each in addresses]
        requests += [
            {"url": plain, "params": {name: value}}
            for name in ("limit", "type")
            for value in QUERIES
        ]
        if method != "GET":
            requests += [
                {"url": plain, "content": each, "headers": {"Content-Type": "application/json"}}
                for each in BODIES
            ]
            forms = [f"server={value}&answer={value}&name={value}".encode() for value in QUERIES]
            requests += [{"url": plain, "content": each, "headers": FORM} for each in forms]
        for each in requests:
            answer = client.request(method, **each)  # type: ignore[arg-type]
            if answer.status_code >= 500:
                yield f"{method} {each}: {answer.status_code}"[:200]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_no_value_is_our_fault(anywhere: House, capfd: pytest.CaptureFixture[str]) -> None:
    """In paths, queries, forms and bodies, with a token: below 500, and no traceback."""
    with anywhere.visitor(anywhere.token()) as client:
        assert list(failures(anywhere, client)) == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_nor_is_a_signed_body(anywhere: House) -> None:
    """Anyone who has the secret may still send nonsense."""
    with anywhere.visitor() as client:
        for body in BODIES:
            headers = generic_hmac.signed(body, SECRET, int(anywhere.machine.timestamp()))
            answer = client.post("/webhooks/door", content=body, headers=headers)
            assert answer.status_code in {202, 400, 413}, body[:80]
            assert answer.status_code != 202 or decoded(body)


def test_one_name_twice_in_a_signed_body_is_refused(anywhere: House) -> None:
    """The one who checks it and the one who acts on it might take another value each."""
    body = b'{"bond": 3, "bond": 4}'
    answer = anywhere.deliver(body)
    assert (answer.status_code, answer.json()["error"]["what"]) == (
        400,
        "the body has one name twice in an object",
    )
