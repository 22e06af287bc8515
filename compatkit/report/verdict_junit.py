"""Cases as JUnit XML: a test that fails for each that differs, an error for each that could not be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from compatkit.report.migrate_text import printable
from compatkit.report.verdict_cases import Case, Outcome
from compatkit.report.xml_text import junit_text, xml_text


def cases_junit(suite_name: str, cases: Iterable[Case]) -> str:
    """Return one test suite as a JUnit document."""
    suite = ET.Element("testsuite", name=xml_text(printable(suite_name)))
    counts: Counter[Outcome] = Counter()
    for case in cases:
        counts[case.outcome] += 1
        _add(suite, case)
    suite.set("tests", str(counts.total()))
    for name, outcome in (("failures", Outcome.FAILED), ("errors", Outcome.ERROR), ("skipped", Outcome.SKIPPED)):
        suite.set(name, str(counts[outcome]))
    return junit_text(suite)


def _add(suite: ET.Element, case: Case) -> None:
    test = ET.SubElement(suite, "testcase", classname="compatkit", name=xml_text(printable(case.name)))
    if case.outcome is Outcome.PASSED:
        return
    text = "\n".join(case.problems)
    found = ET.SubElement(test, case.outcome.value, message=xml_text(text.split("\n")[0] or case.outcome.value))
    found.text = xml_text(text)
