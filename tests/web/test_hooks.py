import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.web.app_harness import House, until


def stored(house: House) -> int:
    """Count the events there are."""
    with house.visitor(house.token(f"count-{house.rung}")) as client:
        return len(client.get("/api/v1/events").json()["items"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Take the status of a refusal, and what it says."""
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    return answer.status_code, error["what"]


def test_good_and_again(house: House) -> None:
    """A delivery is stored, answered 202 and the bell rung once; the same one again is answered 200
    with the same event.
    """
    body = json.dumps({"do": "restart"}).encode()
    first = house.deliver(body)
    second = house.deliver(body)
    assert (first.status_code, first.json()["new"]) == (202, True)
    assert (second.status_code, second.json()) == (
        200,
        {"event": first.json()["event"], "new": False},
    )
    until(lambda: house.rung)
    assert house.rung == [("decide", "hq")]
    assert stored(house) == 1


def test_refusals(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Wrong signatures, old ones, large bodies and what is not JSON get their status and store
    nothing; secrets stay ours.
    """
    body = b'{"say": "swordfish"}'
    assert refused(house.deliver(body, signed="sha256=00")) == (401, "the signature is wrong")
    assert refused(house.deliver(body, at=house.machine - timedelta(hours=1)))[0] == 401
    assert refused(house.deliver(b"x" * 2001))[0] == 413
    assert refused(house.deliver(b"not JSON")) == (400, "the body is not JSON")
    assert refused(house.deliver(b"[1]"))[0] == 400
    assert (
        house.deliver(json.dumps({"x": "y" * 1991}).encode()).status_code == 202
    )  # just not too large
    with house.visitor() as client:
        assert refused(client.post("/webhooks/door", content=body))[0] == 401
        large = (b"x" * 500 for _ in range(5))
        assert refused(client.post("/webhooks/door", content=large))[0] == 413
    until(lambda: house.rung)
    assert stored(house) == len(house.rung) == 1
    said = capfd.readouterr()
    assert "the signature is wrong" in said.out
    assert "swordfish" not in said.out + said.err


def test_a_secret_that_is_away_is_told_to_us_alone(
    house: House, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Missing or empty, it lets nothing in: 503, whose place is named in the log and not in the
    answer.
    """
    place = tmp_path / "of-the-door"
    monkeypatch.delenv("DOOR_SECRET")
    monkeypatch.setenv("DOOR_SECRET_FILE", str(place))
    for content, says in ((None, str(place)), (" \n\n", "the secret at DOOR_SECRET is empty")):
        if content is not None:
            place.write_text(content)
        answer = house.deliver(b"{}")
        assert refused(answer) == (503, "the secret of this webhook cannot be read here")
        assert "DOOR" not in answer.text
        assert str(place) not in answer.text
        assert says in capfd.readouterr().out


def test_unknown_name_and_method(house: House) -> None:
    """A name nobody set is 404 and lists no names; reading a webhook is 405. Both in the shape of
    every error.
    """
    unknown = house.deliver(b"{}", name="window")
    assert refused(unknown)[0] == 404
    assert "door" not in unknown.text
    with house.visitor() as client:
        for path in ("/webhooks/door", "/webhooks/window"):
            answer = client.get(path)
            assert refused(answer)[0] == 405
            assert "POST" in answer.headers["Allow"]


def test_broken_bell(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bell that does not ring costs time only: what is stored is answered as stored."""
    monkeypatch.setattr(house, "rung", None)
    assert house.deliver(b"{}").status_code == 202
