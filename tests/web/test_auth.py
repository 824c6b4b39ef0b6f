from datetime import timedelta

import pytest

from bridge import config
from bridge.store import tokens
from bridge.web.auth import COOKIE
from tests.web.app_harness import House, serving, write_settings

PAGES = ("/", "/stream", "/events/abc", "/events/abc/part")
API = (
    "/api/v1/events",
    "/api/v1/events/abc",
    "/api/v1/decisions",
    "/api/v1/jobs",
    "/api/v1/health",
)


def test_without_token(house: House) -> None:
    """Without a token pages send to the sign-in, and the API says 401 and how to show one."""
    with house.visitor() as client:
        for path in PAGES:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        for path in API:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert answer.json()["error"]["status"] == 401


@pytest.mark.parametrize(
    "header", ["Bearer bbt_wrong", "Bearer", "Basic ZGVtbzpkZW1v", "nonsense", "Bearer \xe9"]
)
def test_wrong_token(house: House, header: str) -> None:
    """A header that holds no valid token counts as none, even beside a good cookie."""
    token = house.token()
    with house.visitor(cookies={COOKIE: token}) as client:
        assert client.get("/api/v1/health").status_code == 200
        assert (
            client.get(
                "/api/v1/health", headers={"Authorization": header.encode("latin-1")}
            ).status_code
            == 401
        )


def test_bearer_and_cookie(house: House) -> None:
    """A lasting token opens pages and API alike, as header and as cookie."""
    token = house.token()
    for client in (house.visitor(token), house.visitor(cookies={COOKIE: token})):
        with client:
            assert client.get("/").status_code == 200
            assert client.get("/api/v1/events").status_code == 200


def test_one_time_link(house: House) -> None:
    """A link signs in once, for twelve hours, with a cookie no script can read; the second use is
    told why it fails.
    """
    once = house.token(once=True, lasts=timedelta(minutes=10))
    with house.visitor() as client:
        for method in ("HEAD", "GET"):  # a preview does not use it up
            assert client.request(method, "/sign-in", params={"token": once}).status_code == 200
        assert 'name="name"' in client.get("/sign-in", params={"token": once}).text
        for nameless in ("", " ", "x" * 61, "a\nb"):
            answer = client.post("/sign-in", data={"link": once, "name": nameless})
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)
        answer = client.post("/sign-in", data={"link": once, "name": "ana"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"]
        assert all(
            part in cookie
            for part in (f"{COOKIE}=bbt_", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200")
        )
        assert "Secure" not in cookie
        assert once not in cookie
        assert client.get("/").status_code == 200
        assert client.get("/sign-in", params={"token": once}).status_code == 403
        again = client.post("/sign-in", data={"link": once, "name": "ana"})
        assert again.status_code == 403
        assert "works once" in again.text
        assert "bondbridge token create NAME" in again.text
        house.machine += timedelta(hours=12)
        assert client.get("/").status_code == 303


def test_one_time_token_is_no_other(house: House) -> None:
    """A one-time token opens nothing itself, a lasting or expired one is no link, and neither is
    used up by trying.
    """
    once, short, lasting = (
        house.token("link", once=True, lasts=timedelta(minutes=10)),
        house.token("short", once=True, lasts=timedelta(seconds=1)),
        house.token(),
    )
    house.machine += timedelta(seconds=2)
    with house.visitor(once) as client:
        assert client.get("/api/v1/health").status_code == 401
        for wrong in (short, lasting, "", "bbt_wrong"):
            assert client.get("/sign-in", params={"token": wrong}).status_code == 403
            answer = client.post("/sign-in", data={"link": wrong, "name": "ana"})
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)
        assert client.post("/sign-in", data={"link": once, "name": "ana"}).status_code == 303


def test_expired_rows_are_forgotten(house: House) -> None:
    """Sign-ins whose time is over are dropped when somebody signs in."""
    house.token("sign-in-old", lasts=timedelta(hours=1))
    house.machine += timedelta(hours=2)
    with house.visitor() as client:
        link = house.token("link", once=True, lasts=timedelta(minutes=10))
        client.post("/sign-in", data={"link": link, "name": "ana"})
    with house.bridge.database.writing() as connection:
        assert not tokens.revoke(connection, "sign-in-old")


def test_form(house: House) -> None:
    """A lasting token pasted into the form signs in; a wrong one is told so with 403 and gives no
    cookie.
    """
    with house.visitor() as client:
        assert 'name="token"' in client.get("/sign-in").text
        wrong = client.post("/sign-in", data={"token": "bbt_wrong"})
        assert (wrong.status_code, "Set-Cookie" in wrong.headers) == (403, False)
        assert client.post("/sign-in").status_code == 403
        right = client.post(
            "/sign-in",
            data={"token": f" {house.token()} "},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert (right.status_code, right.headers["Location"]) == (303, "/")
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
    ],
)
def test_forms_of_other_sites(house: House, headers: dict[str, str]) -> None:
    """A form that another site made the browser send neither signs in nor out."""
    token = house.token()
    with house.visitor(cookies={COOKIE: token}) as client:
        for path in ("/sign-in", "/sign-out"):
            answer = client.post(path, data={"token": token}, headers=headers)
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_own_origins(house: House) -> None:
    """The form works from the address it was reached at, and from the one people are told to
    open.
    """
    token = house.token()
    with house.visitor() as client:
        for origin in (house.url, "http://127.0.0.1:8080"):
            assert (
                client.post(
                    "/sign-in", data={"token": token}, headers={"Origin": origin}
                ).status_code
                == 303
            )


def test_sign_out(house: House) -> None:
    """Signing out ends the sign-in itself, not only the cookie, and leaves pasted tokens good."""
    lasting = house.token()
    with house.visitor() as client:
        link = house.token("link", once=True, lasts=timedelta(minutes=10))
        client.post("/sign-in", data={"link": link, "name": "ana"})
        signed_in = client.cookies[COOKIE]
        answer = client.post("/sign-out")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        assert COOKIE not in client.cookies
        assert client.get("/", headers={"Authorization": f"Bearer {signed_in}"}).status_code == 303
        client.post("/sign-in", data={"token": lasting})
        client.post("/sign-out")
        assert client.get("/", headers={"Authorization": f"Bearer {lasting}"}).status_code == 200


def test_secure_cookie(house: House) -> None:
    """Where people open an https address, the cookie never travels without."""
    folder = house.bridge.settings.state_dir
    path = write_settings(folder, web=", public_url: 'https://bonds.example/'")
    with serving(config.load(path)) as behind_tls, behind_tls.visitor() as client:
        answer = client.post(
            "/sign-in", data={"token": house.token()}, headers={"Origin": "https://bonds.example"}
        )
        assert "; Secure" in answer.headers["Set-Cookie"]
