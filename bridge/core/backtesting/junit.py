"""The outcome of examples as JUnit XML, which every CI system can show: one suite a rule, one case
an example.
"""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET


def report(suites: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """`suites`: by rule, for each of its examples what it promises and does not keep."""
    cases = [broken for examples in suites.values() for broken in examples]
    root = ET.Element(
        "testsuites",
        name="rules",
        tests=str(len(cases)),
        failures=str(sum(map(bool, cases))),
        errors="0",
    )
    for rule, examples in suites.items():
        failures = sum(map(bool, examples))
        suite = ET.SubElement(
            root,
            "testsuite",
            name=rule,
            tests=str(len(examples)),
            failures=str(failures),
            errors="0",
            skipped="0",
            time="0",
        )
        for number, broken in enumerate(examples, 1):
            case = ET.SubElement(
                suite, "testcase", classname=rule, name=f"example {number}", time="0"
            )
            if broken:
                failure = ET.SubElement(case, "failure", type="verdict", message=_clean(broken[0]))
                failure.text = _clean("\n".join(broken))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without what XML has no way to say."""
    return "".join(each if each >= " " or each in "\n\t" else "�" for each in text)
