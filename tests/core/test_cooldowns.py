"""Cooldowns: what they hold back, and for how long."""

import pytest

from bridge.core.decisions.evaluate import evaluate
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import cooldown, cooldown_key
from bridge.core.model import Event, Mode

from .builders import COOLING, NOW, answering, context, decide, down, event, later, memory, rule


def held(by: str, ended_at: float | None) -> dict[str, str | None]:
    """Who holds a key, and since when it is over."""
    return {"by": by, "ended_at": None if ended_at is None else later(ended_at).isoformat()}


def key(text: str, told: Event) -> str:
    """The key that a decision reserves when nothing is held."""
    (reserved,) = evaluate(rule(text), told, answering(), context()).cooldowns
    return reserved


@pytest.mark.parametrize(
    ("by", "now", "verdict", "until"),
    [
        (None, 0, "act", None),
        (held("other", None), 0, "skip(cooldown)", None),
        (held("other", None), 86400, "skip(cooldown)", None),
        (held("other", 0), 0, "skip(cooldown)", 600),
        (held("other", 0), 599, "skip(cooldown)", 600),
        (held("other", 0), 600, "act", None),
        (held("mine", None), 0, "act", None),
        (held("mine", 0), 0, "act", None),
    ],
)
def test_a_cooldown_holds_from_admission_to_its_end(
    by: dict | None, now: float, verdict: str, until: float | None
) -> None:
    """Another decision holds the key while it is under way and for the stretch after it ended;
    one's own does not.
    """
    one = rule(COOLING)
    if by and by["by"] == "mine":
        by = {**by, "by": evaluate(one, down(), answering(), context()).id}
    decision = evaluate(one, down(), answering(cooldown=by), context(later(now)))
    assert str(decision.verdict) == verdict
    assert decision.verdict.until == (None if until is None else later(until))
    assert decision.cooldowns == (
        (cooldown_key(one, "main", 3, Mode.LIVE),) if verdict == "act" else ()
    )


def test_a_cooldown_counts_per_value_server_and_rule() -> None:
    """Another bond, another server and another rule have keys of their own; an object stands for
    its id.
    """
    other = COOLING.replace("id: a", "id: b")
    whole = COOLING.replace(", per: bond", "")
    elsewhere = event("leg.down", server="other", bond={"id": 3})
    keys = [
        key(COOLING, down()),
        key(COOLING, down(bond=4)),
        key(COOLING, elsewhere),
        key(other, down()),
        key(whole, down()),
    ]
    assert len(set(keys)) == 5
    assert key(whole, down(bond=4)) == keys[4]
    assert key(COOLING.replace("per: bond", "per: bond.id"), down()) == keys[0]


def test_a_batch_folds_its_own_admissions() -> None:
    """Of two events of one bond in one batch the first is admitted and holds the second; another
    bond's is its own.
    """
    one = rule(COOLING)
    made = decide([one], [down("e1"), down("e2"), down("e3", bond=4)], memory(one))
    assert [str(each.verdict) for each in made] == ["act", "skip(cooldown)", "act"]
    assert made[1].verdict.detail == "the one before it is still under way"
    assert made[1].facts["asked"][f"cooldown {made[0].cooldowns[0]}"]["by"] == made[0].id


def test_what_was_not_admitted_holds_nothing() -> None:
    """An event that the condition stopped does not start the cooldown."""
    one = rule(COOLING.replace("guard:", "if: bond.name != 'acme' || leg.id == 8\nguard:"))
    assert [each.cooldowns for each in decide([one], [down("e1"), down("e2")], memory(one))] == [
        (),
        (),
    ]


def test_dry_runs_keep_their_own_books() -> None:
    """A dry run holds the next dry run, and neither is held by nor holds the live rule."""
    live = rule(COOLING)
    dry = rule(f"mode: dry_run\n{COOLING}")
    remembered = memory(dry)
    first, second = decide([dry], [down(), down("e2")], remembered)
    assert (str(first.verdict), first.jobs, str(second.verdict)) == (
        "skip(dry_run)",
        (),
        "skip(cooldown)",
    )
    assert str(evaluate(live, down("e3"), RecordingFacts(remembered), context()).verdict) == "act"
    acted = memory(live)
    decide([live], [down()], acted)
    assert (
        str(evaluate(dry, down("e2"), RecordingFacts(acted), context()).verdict) == "skip(dry_run)"
    )


def test_a_cooldown_says_how_long_ago() -> None:
    """The detail tells a person when the last one ended and how often is often enough."""
    verdict = cooldown(600, "k", "me", answering(cooldown=held("other", 0)), later(90))
    assert verdict.detail == "the last one ended 1m30s ago, at most one in 10m"
    assert cooldown(600, "k", "me", answering(cooldown=held("other", 0)), NOW).until == later(600)
