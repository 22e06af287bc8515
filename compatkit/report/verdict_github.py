"""Cases as workflow commands, which GitHub shows in the summary of a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from compatkit.report.migrate_text import printable
from compatkit.report.verdict_cases import Case, Outcome
from compatkit.report.workflow_command import workflow_command

_MOST = 10  # GitHub shows no more errors of one step, and drops the rest without a word


def cases_github(word: str, cases: Iterable[Case]) -> Iterator[str]:
    """Yield one command for each problem, and the verdict, `word`, which also says how many are not shown."""
    broken = [case for case in cases if case.outcome in {Outcome.FAILED, Outcome.ERROR}]
    problems = list(chain.from_iterable(((case.name, text) for text in case.problems) for case in broken))
    if not broken and word.startswith("equivalent"):
        yield workflow_command("notice", word, {"title": "compatkit"})
        return
    hidden = len(problems) - (_MOST - 1)
    more = f"; {hidden} more are in the log" if hidden > 0 else ""
    yield workflow_command("error", f"{word}: {_counted(len(problems))}{more}", {"title": "compatkit"})
    for name, text in problems:
        yield workflow_command("error", text, {"title": printable(name)})


def _counted(count: int) -> str:
    return f"{count} problem{'' if count == 1 else 's'}"
