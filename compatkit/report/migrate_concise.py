"""A migrate run as one line a place."""

from __future__ import annotations

from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import message_of, place_of, printable, style


def render(overview: Overview, _: Background) -> str:
    """Return one line a rewrite and a finding, sorted by file and then by line."""
    return "\n".join(
        f"{place_of(one)} {style(one.code, bold=True)} {printable(message_of(one, is_written=overview.is_written))}"
        for one in overview.remarks
    )
