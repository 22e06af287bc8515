"""Workflow commands: lines that GitHub shows beside a step, or beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Literal

from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import notices, printable

if TYPE_CHECKING:
    from compatkit.report.verdict_cases import Case

_MOST = 10  # GitHub shows no more errors of one step, and drops the rest without a word


def render(overview: Overview, _: Background) -> str:
    """Return one command for each place that a migrate run left, and for each file that it could not process."""
    commands = []
    for notice in notices(overview):
        given = {"file": notice.path, "line": notice.line, "col": notice.column, "title": notice.code}
        message = "\nhint: ".join(notice.sentences)
        commands.append(_command("error" if notice.is_failure else "warning", message, given))
    return "\n".join(commands)


def of_cases(_suite: str, word: str, cases: Iterable[Case], made: str) -> str:
    """Return one command for each problem of a verdict, and for its `word`, with how many are not shown."""
    line = [_command("notice", made, {"title": "how this was made"})] if made else []
    return "\n".join([*_of_cases(word, cases), *line])


def _of_cases(word: str, cases: Iterable[Case]) -> Iterator[str]:
    broken = [case for case in cases if case.outcome.value in ("failure", "error")]
    problems = list(chain.from_iterable(((case.name, text) for text in case.problems) for case in broken))
    if not broken and word.startswith("equivalent"):
        yield _command("notice", word, {"title": "compatkit"})
        return
    hidden = len(problems) - (_MOST - 1)
    more = f"; {hidden} more are in the log" if hidden > 0 else ""
    counted = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    yield _command("error", f"{word}: {counted}{more}", {"title": "compatkit"})
    for name, text in problems:
        yield _command("error", text, {"title": printable(name)})


def _command(kind: Literal["error", "warning", "notice"], message: str, properties: Mapping[str, object]) -> str:
    """Return one command. Properties that are empty are left out."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)
    return f"::{kind} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
