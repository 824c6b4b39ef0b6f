"""Behind a proxy: below a path, and with senders as proxies write them."""

from pathlib import Path

import httpx
import pytest

from bridge import config
from bridge.web.reverse_proxy import address_of
from bridge.webhooks import generic_hmac
from tests.web.app_harness import SECRET, House, serving, write_settings

PREFIX = "/bridge"


@pytest.fixture
def prefixed(settings_file: Path) -> config.Settings:
    """Settings whose pages are reached below a path."""
    return config.load(
        write_settings(settings_file.parent, web=", public_url: 'https://gw.example.com/bridge/'")
    )


@pytest.mark.parametrize(
    "taken_off", [True, False], ids=["the proxy takes it off", "the proxy leaves it"]
)
def test_everything_is_below_the_path_of_the_public_url(
    prefixed: config.Settings, taken_off: bool
) -> None:
    """Redirects, forms, static files and cookies, and so the one-time link leads to the pages."""
    with serving(prefixed) as house:
        base = "" if taken_off else PREFIX
        token = house.token("once", once=True)
        with house.visitor() as client:
            assert client.get(f"{base}/").headers["Location"] == "/bridge/sign-in"
            form = client.get(f"{base}/sign-in").text
            assert 'action="/bridge/sign-in"' in form
            assert 'href="/bridge/static/' in form
            answer = client.post(f"{base}/sign-in", data={"link": token, "name": "ana"})
            assert (answer.status_code, answer.headers["Location"]) == (303, "/bridge/")
            assert "Path=/bridge/;" in answer.headers["Set-Cookie"] + ";"
            assert client.get(f"{base}/static/live.js").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["SCRIPT_NAME", "Script-Name", "X-Script-Name", "X-Forwarded-Prefix", "X-Forwarded-Host"],
)
def test_no_header_of_a_sender_says_where_we_are(house: House, name: str) -> None:
    """Nor where a redirect leads: only the settings do."""
    with house.visitor() as client:
        assert client.get("/", headers={name: "//evil.example"}).headers["Location"] == "/sign-in"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:5555", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[::ffff:10.0.0.1]:80", "10.0.0.1"),
        ("unknown", "None"),
        ("", "None"),
        ("127.0.0.1:5555:1", "None"),
        ("999.0.0.1:80", "None"),
    ],
)
def test_a_sender_as_proxies_write_it(text: str, address: str) -> None:
    """With and without a port, brackets, or IPv6 around IPv4."""
    assert str(address_of(text)) == address


@pytest.mark.parametrize("sender", ["127.0.0.1:5555", "::ffff:127.0.0.1", "[::1]:4711"])
def test_an_allowed_sender_is_allowed_however_the_proxy_writes_it(
    settings_file: Path, sender: str
) -> None:
    """The header counts, since the settings name one proxy."""
    path = write_settings(settings_file.parent, web=", proxies: 1")
    text = path.read_text().replace(
        "server: hq}", "server: hq, allow_from: [127.0.0.0/8, '::1/128']}"
    )
    path.write_text(text)
    with serving(config.load(path)) as house, house.visitor() as client:
        headers = generic_hmac.signed(b"{}", SECRET, int(house.machine.timestamp()))
        answer = client.post(
            "/webhooks/door", content=b"{}", headers={**headers, "X-Forwarded-For": sender}
        )
        assert answer.status_code == 202
        other = client.post(
            "/webhooks/door", content=b"{}", headers={**headers, "X-Forwarded-For": "10.9.9.9"}
        )
        assert other.status_code == 403


def test_a_packed_body_is_refused_by_its_encoding(house: House) -> None:
    """And not because its signature, which is over the bytes that were packed, seems wrong."""
    with house.visitor() as client:
        answer: httpx.Response = client.post(
            "/webhooks/door", content=b"x", headers={"Content-Encoding": "gzip"}
        )
    assert (answer.status_code, answer.json()["error"]["what"]) == (
        415,
        "the body is packed: Content-Encoding 'gzip'",
    )
