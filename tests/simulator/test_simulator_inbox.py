"""The demo's receiver of notices."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bridge.simulator.server import notification_inbox

NOTICE = {
    "version": "1.0",
    "title": "Leg down",
    "message": "cable of vancouver-hq",
    "type": "failure",
    "attachments": [],
}


@pytest.fixture
def url() -> Iterator[str]:
    """Serve an empty inbox."""
    with notification_inbox.running() as served:
        yield served.url


def test_notices_are_kept_and_shown_newest_first(url: str) -> None:
    """What is posted appears as JSON with its time, and on the page, the newest at the top."""
    for title in ("first", "second"):
        assert httpx.post(f"{url}/", json={**NOTICE, "title": title}).status_code == 200
    messages = httpx.get(f"{url}/messages").json()
    assert [it["body"]["title"] for it in messages] == ["first", "second"]
    assert messages[0]["at"].endswith("Z")
    page = httpx.get(url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.index("<h2>second") < page.text.index("<h2>first")
    assert 'http-equiv="refresh"' in page.text


def test_what_arrives_cannot_act_on_the_page(url: str) -> None:
    """Markup in any field of a notice is shown, not carried out, and the page allows no scripts at
    all.
    """
    evil = '"><script>alert(1)</script>'
    httpx.post(f"{url}/a'b<i>", json={"title": evil, "message": evil, "type": evil})
    page = httpx.get(url)
    assert "<script" not in page.text
    assert "<i>" not in page.text
    assert page.text.count("&lt;script&gt;") == 3
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_is_no_notice_is_refused(url: str) -> None:
    """Bad JSON and other values than objects are 400, other types 415, too much 413; nothing of it
    is kept.
    """
    json_type = {"Content-Type": "application/json"}
    assert httpx.post(url, content="{", headers=json_type).status_code == 400
    assert httpx.post(url, json=[1]).status_code == 400
    assert httpx.post(url, data={"title": "x"}).status_code == 415
    for size in (257 * 1024, 3 << 20):
        assert httpx.post(url, json={"message": "x" * size}).status_code == 413
    assert (
        httpx.post(url, content=(b"x" * 65536 for _ in range(5)), headers=json_type).status_code
        == 413
    )
    assert (httpx.delete(url).status_code, httpx.get(f"{url}/nothing").status_code) == (405, 404)
    assert httpx.get(f"{url}/messages").json() == []


def test_messages_outlive_the_process_and_stay_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are there after a restart, a torn last line is passed over, and the file does not
    grow for ever.
    """
    monkeypatch.setattr(notification_inbox, "KEPT", 5)
    file = tmp_path / "below" / "inbox.jsonl"
    first = notification_inbox.Inbox(file)
    for number in range(23):
        first.take("/", {"title": str(number)})
    assert len(file.read_text().splitlines()) < 10
    with file.open("a") as torn:
        torn.write('{"at": "20')
    monkeypatch.undo()
    again = notification_inbox.Inbox(file)
    assert [it["body"]["title"] for it in again.messages()][-3:] == ["20", "21", "22"]
    with notification_inbox.running(state_file=file) as served:
        httpx.post(served.url, json=NOTICE)
    assert notification_inbox.Inbox(file).messages()[-1]["body"] == NOTICE
