"""A misspelt key of a rule is answered with the nearest right one, at any depth."""

import pytest
from pydantic import ValidationError

from bridge.core.rules.models.rule import RuleModel
from bridge.core.yaml_document import problems_of, read


@pytest.mark.parametrize(
    ("written", "key", "near"),
    [
        ("{id: a, wen: leg.down, do: []}", "wen", "when"),
        ("{id: a, when: x, guard: {cooldwn: 1m}, do: []}", "guard.cooldwn", "cooldown"),
        ("{id: a, when: x, do: [{notfy: {to: noc}}]}", "do.0.notfy", "notify"),
        ("{id: a, when: x, do: [{notify: {too: noc}}]}", "do.0.notify.too", "to"),
    ],
)
def test_a_misspelt_key_of_a_rule_has_its_nearest(written: str, key: str, near: str) -> None:
    """Also where a step may be one of several."""
    document = read(written, "rules.yaml")
    with pytest.raises(ValidationError) as caught:
        RuleModel.model_validate(document.data)
    mends = {each.key: each.mend for each in problems_of(caught.value, document, RuleModel)}
    assert mends[key] == f"did you mean {near!r}?"
