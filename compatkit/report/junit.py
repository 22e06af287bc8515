"""JUnit XML: what is left, or differs, is a test that fails; what could not be decided is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from compatkit.migrate import FileResult
from compatkit.migrate.report import Overview, Remark
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import message_of, printable
from compatkit.rewrite import Failed

if TYPE_CHECKING:
    from compatkit.report.verdict_cases import Case

# XML 1.0 cannot hold these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(overview: Overview, _: Background) -> str:
    """Return a migrate run, a test a file. The files with nothing to do are one test that passes."""
    suite = ET.Element("testsuite", name="compatkit migrate")
    for path, remarks in groupby(overview.left, key=lambda remark: remark.path):
        _add_failure(suite, path, list(remarks))
    for result in overview.report.failed:
        _add_error(suite, result)
    for result in overview.report.skipped:
        ET.SubElement(_test(suite, result.name), "skipped")
    touched = len({result.get("name") for result in suite})
    _test(suite, f"{len(overview.report.results) - touched} other files")
    return _document(suite)


def of_cases(suite_name: str, _word: str, cases: Iterable[Case], made: str) -> str:
    """Return a verdict, a test a case."""
    suite = ET.Element("testsuite", name=xml_text(printable(suite_name)))
    if made:
        ET.SubElement(ET.SubElement(suite, "properties"), "property", name="how this was made", value=xml_text(made))
    for case in cases:
        test = _test(suite, case.name)
        if (outcome := case.outcome.value) != "passed":
            text = "\n".join(case.problems)
            found = ET.SubElement(test, outcome, message=xml_text(text.split("\n")[0] or outcome))
            found.text = xml_text(text)
    return _document(suite)


def xml_text(text: str) -> str:
    """Return the text with a mark in place of what XML cannot hold; the writer escapes the rest."""
    return _FORBIDDEN.sub("\ufffd", text)


def _add_failure(suite: ET.Element, path: str, remarks: list[Remark]) -> None:
    codes = ", ".join(sorted({remark.code for remark in remarks}))
    failure = ET.SubElement(_test(suite, path), "failure", message=xml_text(f"{len(remarks)} left: {codes}"))
    lines = (f"{one.line}:{one.column} {one.code} {message_of(one, is_written=False)}" for one in remarks)
    failure.text = xml_text("\n".join(lines))


def _add_error(suite: ET.Element, result: FileResult) -> None:
    assert isinstance(result.outcome, Failed)
    failed = result.outcome
    error = ET.SubElement(_test(suite, result.name), "error", type=failed.code, message=xml_text(failed.reason))
    error.text = xml_text(f"{failed.line}:{failed.column} {failed.reason}\nhint: {failed.hint}\n{failed.details}")


def _test(suite: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname="compatkit", name=xml_text(printable(name)))


def _document(suite: ET.Element) -> str:
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    # The writer leaves a carriage return in a text as it is, and every reader makes a newline of it.
    return ET.tostring(suites, encoding="unicode", xml_declaration=False).replace("\r", "&#13;")
