"""The runs of `compatkit status` before this one: a file with one JSON object a line, to be committed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.status import Status


@dataclass(frozen=True, slots=True)
class StatusRun:
    """One run: when, of which revision, and what was left and done."""

    date: str
    revision: str
    left: int
    done: int
    automatic: int = 0
    review: int = 0
    person: int = 0

    @classmethod
    def of(cls, status: Status, *, date: str, revision: str) -> StatusRun:
        counts = Counter(status.effort(remark) for remark in status.left)
        total = status.total
        return cls(date, revision, total.left, total.done, counts["automatic"], counts["review"], counts["person"])


def read_status_history(file: Path) -> tuple[StatusRun, ...]:
    """Read the runs before. Raises `CompatkitError` for a file that holds anything else."""
    if not file.exists():
        return ()
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        entries = [StatusRun(**json.loads(line)) for line in lines if line.strip()]
        if not all(type(value) is int and value >= 0 for one in entries for value in (one.left, one.done)):
            raise ValueError("a count is no number")
    except (OSError, ValueError, TypeError) as error:
        hint = "give a file that --history wrote, or a new one"
        raise CompatkitError(f"The history cannot be read: {error}.", where=str(file), hint=hint) from error
    return tuple(entries)


def with_entry(history: tuple[StatusRun, ...], entry: StatusRun) -> tuple[StatusRun, ...]:
    """Return the history with this run; a run of the same day and revision takes the place of the one before."""
    if history and (history[-1].date, history[-1].revision) == (entry.date, entry.revision):
        history = history[:-1]
    return (*history, entry)


def history_text(history: tuple[StatusRun, ...]) -> str:
    """Return the content of the file."""
    return "".join(json.dumps(asdict(entry)) + "\n" for entry in history)
