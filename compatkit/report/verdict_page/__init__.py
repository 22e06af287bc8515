"""The verdict as one HTML page: curves, weights and tables, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compatkit.migrate.write import write_output
from compatkit.report.verdict_page.comparison import Compared, Comparison, Conclusion, NotCompared, PageTable, Sampled
from compatkit.report.verdict_page.page import verdict_page

__all__ = [
    "Compared",
    "Comparison",
    "NotCompared",
    "Conclusion",
    "Sampled",
    "PageTable",
    "write_verdict_page",
]


def write_verdict_page(
    path: Path, comparisons: Iterable[Comparison], *, title: str = "Verdict", made: str = ""
) -> None:
    """Write the page to `path`, whole or not at all; `made` says how it was. `comparisons` is read one by one."""
    write_output(path, verdict_page(comparisons, title=title, made=made).encode("utf-8", "replace"))
