"""Files: CSV and TSV, JSON lines, and JSON, as loggers of several frameworks and hand-written loops leave them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import keras, lightning
from compatkit.record.formats._rows import Row, as_rows

_BLANK = {"", "NA"}  # Keras writes NA
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def read(history: object) -> list[Row] | None:
    """Read rows of text with a column `epoch`, as `csv.DictReader` gives them."""
    texts = as_rows(history)
    if texts is None or not all(map(_is_text, texts)) or not any(_has_epoch(row) for row in texts):
        return None
    return _from_text(texts)


def _from_text(texts: list[Mapping[str, Any]]) -> list[Row]:
    """Numbers become numbers, blanks become absent; what Lightning and Keras wrote is read as theirs."""
    rows: list[Row] = [{name: _parsed(text) for name, text in row.items() if text not in _BLANK} for row in texts]
    if lightning.is_csv(rows):
        return lightning.read_csv(rows)
    if rows and all(isinstance(row.get("epoch"), int) for row in rows) and "loss" in rows[0] and rows[0]["epoch"] == 0:
        # Keras's CSVLogger, which counts from 0.
        return [keras.rename({**row, "epoch": int(str(row["epoch"])) + 1}) for row in rows]
    return rows


def file_content(history: object) -> object | None:
    """Return what a history file holds, or None where `history` is no path of one.

    Raises `RecordError` for a file that is not there or cannot be parsed.
    """
    if not isinstance(history, str | Path) or Path(history).suffix.lower() not in SUFFIXES:
        return None
    path = Path(history)
    try:
        return _PARSERS[path.suffix.lower()](path)
    except (OSError, ValueError) as error:
        raise RecordError.unreadable_file(str(path), str(error)) from error


def _read_table(path: Path) -> object:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        return _from_text([_checked(row, reader.line_num) for row in reader])


def _checked(row: Mapping[Any, Any], line: int) -> Mapping[str, Any]:
    if None in row or None in row.values():
        # DictReader's marks for more, and for fewer, cells than the header has.
        raise ValueError(f"line {line} has another number of cells than the header")
    return row


def _read_lines(path: Path) -> object:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _read_json(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"))


_PARSERS: Mapping[str, Callable[[Path], object]] = {
    ".csv": _read_table,
    ".tsv": _read_table,
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".json": _read_json,
}


def _is_text(row: Mapping[str, object]) -> bool:
    return bool(row) and all(isinstance(value, str) for value in row.values())


def _has_epoch(row: Mapping[str, str]) -> bool:
    return isinstance(_parsed(row.get("epoch", "")), int | float)


def _parsed(text: str) -> object:
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        # int() and float() take 1_000, too, which no logger writes as a number.
        return text if "_" in text else value
    return text
