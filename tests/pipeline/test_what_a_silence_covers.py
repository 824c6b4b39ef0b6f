"""What a silence of a rule covers, and which silences cover an event."""

from typing import Any

import pytest
from sqlalchemy import select

from bridge.core.model import Event, Outcome
from bridge.core.requests import RuleSilenceRequest
from bridge.pipeline.controls.silence_action import Silence
from bridge.pipeline.database_facts import about_of
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.tables import silences
from tests.core.builders import NOW, event

ACME = {"key": "acme", "name": "Acme"}
HQ = {"id": 3, "space": ACME}
NOWHERE = {"id": 3, "space": None}


@pytest.mark.parametrize(
    ("per", "nouns", "about"),
    [
        ("server", {"bond": HQ}, ""),
        ("bond", {"bond": HQ}, "bond/3"),
        ("leg", {"leg": {"id": 12}}, "leg/12"),
        ("space", {"bond": HQ}, "space/acme"),
        ("space", {"bond": NOWHERE}, "leg/7"),
        ("space", {"bond": {"id": None, "space": None}}, "leg/7"),
        ("bond", {"bond": {"id": None, "space": None}}, "leg/7"),
    ],
)
def test_what_a_rule_silences(
    database: Database, per: str, nouns: dict[str, Any], about: str
) -> None:
    """The bond, leg or space of the event; where nobody knows which that is, what the event is
    about, and nothing else.
    """
    happened = event("leg.down", **nouns)
    request = {"types": ["leg.*"], "per": per, "for": "2h", "acts": False, "event": happened.id}
    with database.writing() as connection:
        event_store.record(connection, [happened])
    assert (
        Silence(database, lambda: NOW).send("main", RuleSilenceRequest.of(request)).outcome
        is Outcome.DONE
    )
    with database.reading() as connection:
        (row,) = connection.execute(select(silences)).mappings()
    assert row["about"] == about
    assert about in about_of(happened)


@pytest.mark.parametrize(
    ("nouns", "about"),
    [
        ({"bond": HQ, "leg": {"id": 7, "bond": 3}}, {"bond/3", "leg/7", "space/acme"}),
        ({"bond": None, "space": ACME}, {"space/acme"}),
        ({"bond": NOWHERE, "leg": None}, {"bond/3"}),
        ({"bond": HQ, "space": {"key": "lab"}}, {"bond/3"}),
        ({"incident": {"cause": "space", "key": "acme"}}, set()),
        ({"problem": {"text": "no answer"}}, set()),
    ],
)
def test_which_silences_cover_an_event(nouns: dict[str, Any], about: set[str]) -> None:
    """Those of its bond and leg, and of a space that holds all that it names; an incident is told
    whatever space is silenced.
    """
    happened = Event("e", "leg.down", "main", "leg/7", NOW, NOW, nouns)
    assert about_of(happened) == {"", "leg/7", "server/main"} | about
