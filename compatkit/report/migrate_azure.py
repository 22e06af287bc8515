"""A migrate run as logging commands of Azure Pipelines, which shows them beside a build."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.migrate.remarks import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import printable, said
from compatkit.rewrite import Failed

_ESCAPED = {"%": "%AZP25", "\r": "%0D", "\n": "%0A", ";": "%3B", "]": "%5D"}


def render(overview: Overview, _: Background) -> str:
    """Return one command for each place that is left, and for each file that could not be processed."""
    return "\n".join(_commands(overview))


def _commands(overview: Overview) -> Iterator[str]:
    for one in overview.left:
        yield _command("warning", one.path, one.line, one.column, one.code, said(one, is_written=False))
    for result in overview.report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        text = f"{failed.reason} hint: {failed.hint}"
        yield _command("error", result.path.as_posix(), failed.line, failed.column, failed.code, text)


def _command(kind: str, path: str, line: int, column: int, code: str, message: str) -> str:
    given = {"sourcepath": printable(path), "linenumber": line, "columnnumber": column, "code": code}
    properties = "".join(f"{name}={_escaped(str(value))};" for name, value in given.items() if value)
    return f"##vso[task.logissue type={kind};{properties}]{_escaped(message)}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)
