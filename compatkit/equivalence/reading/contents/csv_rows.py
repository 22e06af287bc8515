"""CSV and TSV by value, row by row.

Quotes, line ends and the spelling of numbers do not count (0.10 is 0.1, but 1 is not 1.0). The order of rows and of
columns does: nothing in a file says whether its first row names the columns.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from compatkit.budget import Budget
from compatkit.equivalence.comparing.numerals import is_numeral
from compatkit.equivalence.reading.contents.places import number_text, put
from compatkit.equivalence.snapshot import Content

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_csv(path: Path, budget: Budget) -> Content:
    """Return the rows of a file. Raises `ValueError` or `csv.Error` where it is not UTF-8, or a quote is left open."""
    values: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, delimiter=_DELIMITERS[path.suffix.lower()], strict=True)
        for number, row in enumerate(rows, start=1):
            budget.spend(len(row) + 1)
            put(values, f"row {number}", json.dumps([_cell(cell) for cell in row], ensure_ascii=False))
    return Content("csv", values)


def _cell(text: str) -> str:
    return number_text(text) if is_numeral(text) else text
