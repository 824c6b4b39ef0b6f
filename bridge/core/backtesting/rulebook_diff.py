"""Two rulebooks side by side: which rules came, went and changed, each change as a unified diff of
their YAML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO

from ruamel.yaml import YAML

from bridge.core.model import Json
from bridge.core.rules.parser import at
from bridge.core.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Compared:
    """Ids of rules, in order; `changed`: by id the lines of the difference."""

    added: Sequence[str]
    removed: Sequence[str]
    changed: Mapping[str, Sequence[str]]


def compare(before: Sequence[Rule], after: Sequence[Rule]) -> Compared:
    """What has become of each rule. How a file is laid out, and its comments, are no change."""
    old, new = ({rule.id: rule for rule in rules} for rules in (before, after))
    both = [name for name in sorted(old.keys() & new.keys()) if old[name].hash != new[name].hash]
    changed = {name: _differ(old[name], new[name]) for name in both}
    return Compared(sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys()), changed)


def _differ(old: Rule, new: Rule) -> list[str]:
    before, after = (_yaml(at(rule.source.data, rule.place)) for rule in (old, new))
    return list(
        unified_diff(before, after, fromfile=old.source.name, tofile=new.source.name, lineterm="")
    )


def _yaml(data: Json) -> list[str]:
    """As YAML of one layout, whatever the file's is."""
    writer = YAML(typ="safe", pure=True)
    text = StringIO()
    for name, value in (
        ("default_flow_style", False),
        ("width", 120),
        ("sort_base_mapping_type_on_output", False),
    ):
        setattr(writer, name, value)
    writer.dump(data, text)
    return text.getvalue().splitlines()
