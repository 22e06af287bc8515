"""Overviews with anything in them that a file, a message or a file name can hold."""

from __future__ import annotations

from hypothesis import strategies as st

from compatkit.migrate import FileResult, Job, Report
from compatkit.migrate.report import Overview
from compatkit.rewrite import Failed, Finding, Outcome, Rewrite, Rewritten, Skipped, Unchanged

TEXT = st.text(max_size=20) | st.sampled_from(
    ["]]>", "<!--", "\x00\x1b[31m", "a\r\nb", "%0A::error::x", "[red]x[/red]", "'\"&<>", "\ud800", "\ufffe"]
)
# What a file name can hold: no slash at either end, no NUL; the bytes need be no text.
NAME = st.binary(min_size=1, max_size=12).map(
    lambda raw: raw.replace(b"\0", b"0").replace(b"/", b"_").decode("utf-8", "surrogateescape")
)
CODE = st.sampled_from(["CK101", "CK102", "CK201"])
PLACE = {"code": CODE, "line": st.integers(1, 9), "column": st.integers(0, 9), "message": TEXT}
FINDING = st.builds(Finding, **PLACE, confidence=st.sampled_from(["safe", "review", "manual"]))
EDIT = st.builds(Rewrite, **PLACE)
FINDINGS = st.lists(FINDING, max_size=3).map(tuple)
OUTCOME: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Rewritten, source=st.binary(), edits=st.lists(EDIT, max_size=3).map(tuple), findings=FINDINGS),
    st.builds(Unchanged, findings=FINDINGS),
    st.builds(Skipped, reason=TEXT),
    st.builds(Failed, reason=TEXT, hint=TEXT, line=st.integers(0, 9), column=st.integers(0, 9), details=TEXT),
)


def _overview(outcomes: dict[str, Outcome], source: bytes, is_written: bool) -> Overview:
    results = [FileResult(name, outcome, Job(source)) for name, outcome in outcomes.items()]
    return Overview.of(Report.of(results), is_written=is_written)


OVERVIEW = st.builds(
    _overview, st.dictionaries(NAME, OUTCOME, max_size=4), source=st.binary(max_size=50), is_written=st.booleans()
)
