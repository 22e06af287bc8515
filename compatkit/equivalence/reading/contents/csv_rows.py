"""CSV and TSV by value, row by row.

Quotes, line ends and the spelling of numbers do not count (1e-1 is 0.1, but 1 is not 1.0). The order of rows and of
columns does: nothing in a file says whether its first row names the columns. Where not all cells have quotes, an empty
cell with them is an empty text, and one without is no value: polars, R and PostgreSQL tell them apart.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from compatkit.budget import Budget
from compatkit.equivalence.comparing.numerals import is_numeral
from compatkit.equivalence.reading.contents.places import number_text, put
from compatkit.equivalence.snapshot import Content

_EMPTY = '"" (an empty text)'
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_csv(path: Path, budget: Budget) -> Content:
    """Return the rows of a file. Raises `ValueError` or `csv.Error` where it is not UTF-8, or a quote is left open."""
    values: dict[str, str] = {}
    text, delimiter = path.read_bytes().decode("utf-8-sig"), _DELIMITERS[path.suffix.lower()]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    empty_texts = _empty_texts(text, delimiter) if '""' in text else set()
    for number, row in enumerate(rows, start=1):
        budget.spend(len(row) + 1)
        cells = [_EMPTY if (number, at) in empty_texts else _cell(cell) for at, cell in enumerate(row)]
        put(values, f"row {number}", json.dumps(cells, ensure_ascii=False))
    return Content("csv", values)


def _empty_texts(text: str, delimiter: str) -> set[tuple[int, int]]:
    """Return row and column of the cells that are a pair of quotes; none where every cell has quotes."""
    found, has_bare, row, column, cell = set[tuple[int, int]](), False, 1, 0, ""
    for part in re.finditer(rf'("(?:[^"]|"")*")|([^"{delimiter}\r\n][^{delimiter}\r\n]*)|(?:\r\n|.|\n)', text):
        if part.lastindex:
            cell = part[0]
            has_bare |= part.lastindex == 2
            found |= {(row, column)} if cell == '""' else set()
        elif part[0] == delimiter:
            has_bare |= not cell
            column, cell = column + 1, ""
        else:
            has_bare |= bool(column and not cell)
            row, column, cell = row + 1, 0, ""
    return found if has_bare or (column and not cell) else set()


def _cell(text: str) -> str:
    return number_text(text) if is_numeral(text) else text
