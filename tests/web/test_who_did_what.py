"""What people do through the API and the pages is an event: who, and from which address."""

from datetime import timedelta

from bridge.store import controls
from bridge.store.views.journal import Window, list_events
from tests.operator_actions import deeds
from tests.web.app_harness import EPOCH, House


def test_what_is_done_through_the_api_and_the_pages(house: House) -> None:
    """Who: whose token it is; where: the way in and the sender's address."""
    with house.visitor(house.token("cleo")) as client:
        wanted = {"lasts": "2h", "why": "works", "server": "hq"}
        made = client.post("/api/v1/silences", json=wanted).json()
        client.delete(f"/api/v1/silences/{made['id']}")
        with house.bridge.database.writing() as connection:
            controls.trip(connection, "restart", "hq", EPOCH, "it failed")
        client.post("/api/v1/rules/restart/resume")
    found = deeds(house.bridge)
    names = ["operator.silenced", "operator.silence_ended", "operator.rule_switched_on"]
    assert sorted(each["type"] or "" for each in found) == sorted(names)
    assert {(each["who"], each["place"]) for each in found} == {("cleo", "API, 127.0.0.1")}


def test_signing_in_and_out(house: House) -> None:
    """By a token and by a one-time link, whose person says their name; refusals are noted once a
    minute.
    """
    lasting = house.token("cleo")
    link = house.token("link", once=True, lasts=timedelta(minutes=10))
    with house.visitor() as client:
        for _ in range(3):
            client.post("/sign-in", data={"token": "bbt_wrong"})
        client.post("/sign-in", data={"token": lasting})
        client.post("/sign-out")
        client.post("/sign-in", data={"link": link, "name": "Ana B"})
        client.post("/resume", data={"server": ""})
        house.bridge.steering.pause("", "x", "y")
        client.post("/resume", data={"server": ""})
        client.post("/sign-out")
        client.get("/sign-in", params={"token": link})
    found = [each for each in deeds(house.bridge) if each["who"] != "x"]
    person = "Ana B (by a sign-in link)"
    assert sorted((each["type"], each["who"], each["why"]) for each in found) == sorted(
        [
            ("operator.sign_in_refused", "nobody", "the token is wrong or old"),
            ("operator.sign_in_refused", "nobody", "the link is wrong, old or used"),
            ("operator.signed_in", "cleo", "with a token"),
            ("operator.signed_out", "cleo", None),
            ("operator.signed_in", person, "by a one-time link"),
            ("operator.resumed", person, None),
            ("operator.signed_out", person, None),
        ]
    )
    assert {each["place"] for each in found} == {"page, 127.0.0.1"}
    with house.bridge.database.reading() as connection:
        (resumed,) = list_events(connection, Window(9), "bridge.resumed").rows
    assert (resumed["data"]["pause"]["who"], resumed["data"]["pause"]["place"]) == (
        person,
        "page, 127.0.0.1",
    )
