"""A migrate run as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from compatkit.migrate.remarks import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import printable, said
from compatkit.report.workflow_command import workflow_command
from compatkit.rewrite import Failed


def render(overview: Overview, _: Background) -> str:
    """Return the commands, a line each."""
    return "\n".join(_commands(overview))


def _commands(overview: Overview) -> Iterator[str]:
    """Yield one command for each place that is left, and for each file that could not be processed."""
    for remark in overview.left:
        yield _command("warning", remark.path, remark.line, remark.column, remark.code, said(remark, is_written=False))
    for result in overview.report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        text = f"{failed.reason}\nhint: {failed.hint}"
        yield _command("error", result.path.as_posix(), failed.line, failed.column, failed.code, text)


def _command(kind: Literal["error", "warning"], path: str, line: int, column: int, title: str, message: str) -> str:
    properties = {"file": printable(path), "line": line, "col": column, "title": title}
    return workflow_command(kind, message, properties)
