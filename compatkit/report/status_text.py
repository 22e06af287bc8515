"""The status of a migration as a table, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from compatkit.migrate.status import EFFORTS, Status, StatusRow
from compatkit.report.migrate_text import NO_FILE, printable

_HEAD = ("left", "done", "share")
_LONGEST = 70  # characters of a meaning: `compatkit explain` has all of it


def status_lines(status: Status, meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield the tables by code, with what each means, by folder and by owner, then the whole."""
    if not status.report.results:
        yield NO_FILE
        return
    for title, rows in divisions(status):
        said = [_cut(meanings.get(row.name, "")) if title == "code" else "" for row in rows]
        yield from (f"{line}  {text}".rstrip() for line, text in zip(_table(title, rows), ["", *said], strict=True))
        yield ""
    if status.left:
        counts = efforts(status)
        yield "to be done: " + ", ".join(f"{counts[effort]} {words}" for effort, words in EFFORTS.items())
    yield f"{status.total.left} left, {status.total.done} done, {percent(status.total)}"
    if status.uncounted:
        yield f"Counted only while left, since v1 code may say the same: {', '.join(sorted(status.uncounted))}"
    if failed := len(status.report.failed):
        yield f"What is left in {failed} {'file' if failed == 1 else 'files'} is not known: see below."


def status_json(status: Status) -> str:
    """Return the status as a JSON object."""
    tables = {title: [_row(row) for row in rows] for title, rows in divisions(status)}
    return json.dumps({"schema": 1, "total": _row(status.total), "left": efforts(status), **tables}, indent=2)


def efforts(status: Status) -> dict[str, int]:
    """Count what is left by what it takes to be rid of it."""
    counts = Counter(status.effort(remark) for remark in status.left)
    return {effort: counts[effort] for effort in EFFORTS}


def divisions(status: Status) -> Iterator[tuple[str, tuple[StatusRow, ...]]]:
    """Yield the three tables with their titles."""
    yield "code", status.by_code
    yield "folder", status.by_folder
    yield "owner", status.by_owner


def percent(row: StatusRow) -> str:
    """Say which share is done; never 100 % while anything is left."""
    if row.share is None:
        return "nothing to do"
    return f"{int(row.share * 100)} % done"


def _table(title: str, rows: tuple[StatusRow, ...]) -> Iterator[str]:
    lines = [(title, *_HEAD)]
    lines += [(printable(row.name), str(row.left), str(row.done), percent(row).removesuffix(" done")) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for name, *numbers in lines:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *cells])


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _row(row: StatusRow) -> dict[str, Any]:
    return {"name": row.name, "left": row.left, "done": row.done, "share": row.share}
