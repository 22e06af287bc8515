"""A migrate run as logging commands of Azure Pipelines, which shows them beside a build."""

from __future__ import annotations

from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import Notice, notices

_ESCAPED = {"%": "%AZP25", "\r": "%0D", "\n": "%0A", ";": "%3B", "]": "%5D"}


def render(overview: Overview, _: Background) -> str:
    """Return one command for each place that is left, and for each file that could not be processed."""
    return "\n".join(map(_command, notices(overview)))


def _command(notice: Notice) -> str:
    given = {
        "sourcepath": notice.path,
        "linenumber": notice.line,
        "columnnumber": notice.column,
        "code": notice.code,
    }
    properties = "".join(f"{name}={_escaped(str(value))};" for name, value in given.items() if value)
    kind = "error" if notice.is_failure else "warning"
    return f"##vso[task.logissue type={kind};{properties}]{_escaped(' hint: '.join(notice.sentences))}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)
