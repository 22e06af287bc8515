"""A migrate run as JUnit XML: a file with something left to do is a failed test."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree as ET

from compatkit.migrate import FileResult
from compatkit.migrate.remarks import Overview, Remark
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import printable, said
from compatkit.report.xml_text import junit_text, xml_text
from compatkit.rewrite import Failed


def render(overview: Overview, _: Background) -> str:
    """Return the run as a JUnit document. The files with nothing to do are one test that passes."""
    suite = ET.Element("testsuite", name="compatkit migrate")
    for path, remarks in groupby(overview.left, key=lambda remark: remark.path):
        _add_failure(suite, path, list(remarks))
    for result in overview.report.failed:
        _add_error(suite, result)
    for result in overview.report.skipped:
        ET.SubElement(_case(suite, result.name), "skipped")
    touched = len({result.get("name") for result in suite})
    _case(suite, f"{len(overview.report.results) - touched} other files")
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    return junit_text(suite)


def _add_failure(suite: ET.Element, path: str, remarks: list[Remark]) -> None:
    codes = ", ".join(sorted({remark.code for remark in remarks}))
    failure = ET.SubElement(_case(suite, path), "failure", message=xml_text(f"{len(remarks)} left: {codes}"))
    lines = (f"{one.line}:{one.column} {one.code} {said(one, is_written=False)}" for one in remarks)
    failure.text = xml_text("\n".join(lines))


def _add_error(suite: ET.Element, result: FileResult) -> None:
    assert isinstance(result.outcome, Failed)
    failed = result.outcome
    error = ET.SubElement(_case(suite, result.name), "error", type=failed.code, message=xml_text(failed.reason))
    error.text = xml_text(f"{failed.line}:{failed.column} {failed.reason}\nhint: {failed.hint}\n{failed.details}")


def _case(suite: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname="compatkit", name=xml_text(printable(name)))
