"""Files: CSV and TSV, JSON lines, and JSON, as loggers of several frameworks and hand-written loops leave them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import keras, lightning
from compatkit.record.formats._rows import Row, as_rows

_BLANK = {"", "NA"}  # Keras writes NA
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def read(history: object) -> list[Row] | None:
    """Read rows of text with a column `epoch`, as `csv.DictReader` gives them, or the reader itself.

    Numbers become numbers, blanks become absent; what Lightning and Keras wrote is read as theirs, and numbered
    from 1. Other rows keep their names, their epochs and their order.
    """
    if (csv := sys.modules.get("csv")) and isinstance(history, csv.DictReader):
        try:
            return _from_text(list(_checked_rows(history)))
        except ValueError as error:
            raise RecordError.unreadable_file("a csv.DictReader", str(error)) from error
    texts = as_rows(history, _is_text)
    if texts is None or not all(map(_is_text, texts)) or not any(_has_epoch(row) for row in texts):
        return None
    return _from_text(texts)


def file_content(history: object) -> object | None:
    """Return what a history file holds, or None where `history` is no path of one.

    Raises `RecordError` for a file that is not there or cannot be parsed.
    """
    if not isinstance(history, str | Path) or Path(history).suffix.lower() not in SUFFIXES:
        return None
    path = Path(history)
    try:
        return _PARSERS[path.suffix.lower()](path)
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError.unreadable_file(str(path), str(error)) from error


def _from_text(texts: Sequence[Mapping[str, Any]]) -> list[Row]:
    header = list(texts[0]) if texts else []
    rows: list[Row] = [{name: _cell(name, text) for name, text in row.items() if text not in _BLANK} for row in texts]
    if lightning.is_csv(rows, header):
        return lightning.read_csv(rows)
    if _is_keras_csv(rows, header):
        return keras.rename(({**row, "epoch": int(str(row["epoch"])) + 1} for row in rows), header)
    return rows


def _is_keras_csv(rows: Sequence[Row], header: Sequence[str]) -> bool:
    """True for the rows of Keras's CSVLogger, which counts from 0, and sorts the columns after the epoch."""
    if not rows or rows[0].get("epoch") != 0 or "loss" not in rows[0] or header[0] != "epoch":
        return False
    trained = [name for name in header[1:] if not name.startswith("val_")]
    return trained == sorted(trained) and all(isinstance(row.get("epoch"), int) for row in rows)


def _read_table(path: Path) -> object:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        return _from_text(list(_checked_rows(reader)))


def _checked_rows(reader: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a `csv.DictReader`. Raises ValueError where it would drop a cell, or make one up."""
    import csv

    try:
        doubled = [name for name, times in Counter(reader.fieldnames or ()).items() if times > 1]
        if doubled:
            raise ValueError(f"the column {doubled[0]!r} comes twice")
        for row in reader:
            # DictReader's marks for more, and for fewer, cells than the header has.
            if None in row or None in row.values():
                raise ValueError(f"line {reader.line_num} has another number of cells than the header")
            yield row
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _read_lines(path: Path) -> object:
    # Not splitlines(), which also splits at U+2028, and JSON may hold that.
    return [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]


def _read_json(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8-sig"))


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


def _cell(name: str, text: str) -> object:
    value = _parsed(text)
    # pandas writes whole numbers as 1.0 where one of the column is missing.
    return int(value) if name == "epoch" and isinstance(value, float) and value.is_integer() else value


def _parsed(text: str) -> object:
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        # int() and float() take 1_000, too, which no logger writes as a number.
        return text if "_" in text else value
    return text
