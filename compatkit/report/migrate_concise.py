"""A migrate run as one line a place."""

from __future__ import annotations

from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import place_of, printable, said, style


def render(overview: Overview, _: Background) -> str:
    """Return one line a rewrite and a finding, sorted by file and then by line."""
    return "\n".join(
        f"{place_of(one)} {style(one.code, bold=True)} {printable(said(one, is_written=overview.is_written))}"
        for one in overview.remarks
    )
