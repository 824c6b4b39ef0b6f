"""Rules that only tell: which guards hold for them."""

import pytest

from bridge.core.backtesting import rule_examples

from .builders import VOCABULARY, rule

WINDOW = "{windows: [{days: daily, from: '22:00', to: '23:00', zone: UTC}]}"
SPACE = "{spaces: acme}"
HEAD = "id: a\nwhen: leg.down\nguard: {guard}\ndo: [{{notify: {{to: noc, title: t}}}}]\nexamples:\n"


@pytest.mark.parametrize(
    ("guard", "example"),
    [
        (WINDOW, "{given: [{type: leg.down}], then: {verdict: wait, reason: window}}"),
        (WINDOW, "{given: [{at: 13h30m, type: leg.down}], then: {verdict: act}}"),
        (
            "{spaces: acme}",
            "{given: [{type: leg.down, data: {bond: {space: {key: acme}}}}], then: {verdict: act}}",
        ),
        (
            "{spaces: acme}",
            (
                "{given: [{type: leg.down, data: {bond: {space: {key: lab}}}}], then: {verdict:"
                " skip, reason: space}}"
            ),
        ),
        ("{spaces: acme}", "{given: [{type: leg.down}], then: {verdict: skip, reason: space}}"),
    ],
)
def test_windows_and_spaces_hold_for_telling_too(guard: str, example: str) -> None:
    """What is told outside of its hours waits for them; what is told of another space is not
    told.
    """
    assert (
        list(rule_examples.failures(rule(HEAD.format(guard=guard) + f"  - {example}"), VOCABULARY))
        == []
    )


def test_what_is_told_waits_with_its_decision() -> None:
    """The notice is due when the window opens, and not before."""
    one = rule(HEAD.format(guard=WINDOW) + "  - {given: [{type: leg.down}], then: {verdict: wait}}")
    played = rule_examples.play(one, one.examples[0], VOCABULARY)
    (decision,) = played.decisions.values()
    assert {job.due_at.hour for job in decision.jobs} == {22}
