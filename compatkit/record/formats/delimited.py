"""Files: tables with any separator, JSON lines, and JSON, as frameworks' loggers and hand-written loops leave them."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import keras, lightning, ultralytics
from compatkit.record.formats._rows import Row, as_rows, ascending, placing, rows_in_order

WHY = "in the epoch that its row names"
_WHERE = "the table's rows"
_BLANK = {"", "NA"}  # Keras writes NA
_SEPARATORS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?\Z")
# What counts something else than epochs; `_step` is W&B's, of calls of `log`. Beside them no epochs are made up.
COUNTS = {"_step", "step", "global_step", "iter", "iteration", "iterations", "training_iteration"}
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def read(history: object) -> list[Row] | None:
    """Read rows of text with a column `epoch`, as `csv.DictReader` gives them, or the reader itself.

    Numbers become numbers, blanks become absent; what Lightning, Keras and ultralytics wrote is read as theirs, and
    numbered from 1. Other rows keep their names, their epochs and their order. Raises `RecordError` where an epoch
    comes again.
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


def rows_of_file(content: list[Any], where: str) -> list[Any]:
    """Return the rows of a file, or of a frame, that no reader claimed; each must be an epoch of its own."""
    rows = as_rows(content)
    if rows is None or not all(type(row.get("epoch")) in {int, float} for row in rows):
        return content
    for name in dict.fromkeys(name for row in rows for name in row):
        placing().because(name, WHY)
    return rows_in_order(rows, where)


def _from_text(texts: Sequence[Mapping[str, Any]]) -> list[Row]:
    header = list(texts[0]) if texts else []
    if any(all(text == name for name, text in row.items()) for row in texts):
        raise RecordError(
            "The header comes again: a second training was appended.",
            where=_WHERE,
            hint="split it, and read the part that counts",
        )
    if len(header) == 1 and len(re.findall(r"\w+", header[0])) > 1:
        raise RecordError(
            f"The one column is {header[0]!r}, which none of {' '.join(map(repr, _SEPARATORS))} separates.",
            where=_WHERE,
            hint="write the table with one of these",
        )
    rows: list[Row] = [{name: _cell(name, text) for name, text in row.items() if text not in _BLANK} for row in texts]
    return table_rows(rows, header)


def table_rows(rows: list[Row], header: Sequence[str]) -> list[Row]:
    """Return one row an epoch of a table without blanks, read as the framework's that wrote it."""
    if lightning.is_csv(rows, header):
        return lightning.read_lightning_csv(rows)
    if all(isinstance(row.get("epoch"), int | float) for row in rows):
        rows = rows_in_order(rows, _WHERE)
        if ultralytics.is_results(header):
            return ultralytics.numbered(rows)
        if _is_keras_csv(rows, header):
            placing().because("epoch", "Keras's CSVLogger counts from 0")
            return keras.rename(({**row, "epoch": int(str(row["epoch"])) + 1} for row in rows), header)
        return rows
    other = next((name for name in header if name.lower() == "epoch"), None)
    if other and all(map(_is_number_of(other), rows)):
        return rows_in_order(rows, _WHERE, key=other)
    for name in COUNTS.intersection(header):
        if all(map(_is_number_of(name), rows)):
            ascending(((row[name], row[name]) for row in rows), _WHERE, name)
    return rows


def _is_number_of(name: str) -> Callable[[Row], bool]:
    return lambda row: isinstance(row.get(name), int | float)


def _is_keras_csv(rows: Sequence[Row], header: Sequence[str]) -> bool:
    """True for the rows of Keras's CSVLogger, which counts from 0, and sorts the columns after the epoch.

    A run that went on, or that the caller says is counted from 0, need not begin there.
    """
    if not rows or "loss" not in rows[0] or header[0] != "epoch":
        return False
    trained = [name for name in header[1:] if not name.startswith("val_")]
    if trained != sorted(trained) or not all(isinstance(row.get("epoch"), int) for row in rows):
        return False
    first = rows[0]["epoch"]
    counts_from = placing().first_epoch(first)
    if counts_from not in {0, 1}:
        raise RecordError.uncertain_count(first, f"{_WHERE}, which may be Keras's")
    return bool(counts_from == 0)


def _read_table(path: Path) -> object:
    # Only files need it.
    import csv

    with path.open(encoding="utf-8-sig", newline="") as stream:
        text = stream.read()
    separator = _separator(text, "\t" if path.suffix.lower() == ".tsv" else ",")
    names = text.partition("\n")[0].rstrip("\r").split(separator)
    # ultralytics, before 8.1, and YOLOv5 pad names and cells to one width. Elsewhere a text keeps its spaces.
    is_padded = any(name != name.strip() for name in names)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=is_padded)
    if not is_padded:
        return _from_text(list(_checked_rows(reader)))
    reader.fieldnames = [name.strip() for name in _header(reader)]
    return _from_text([{name: text.strip() for name, text in row.items()} for row in _checked_rows(reader)])


def _separator(text: str, usual: str) -> str:
    """Return what separates the cells: of those in the header, the one that gives every line as many.

    Raises `ValueError` where two do.
    """
    header = text.partition("\n")[0]
    present = [separator for separator in _SEPARATORS if separator in header]
    fitting = [separator for separator in present if _is_regular(text, separator)]
    if len(fitting) > 1:
        raise ValueError(f"both {fitting[0]!r} and {fitting[1]!r} separate every line into as many cells")
    return (fitting or [separator for separator in (usual, *present) if separator in present] or [usual])[0]


def _is_regular(text: str, separator: str) -> bool:
    # As above.
    import csv

    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
        return len({len(cells) for cells in lines if cells}) == 1
    except csv.Error:
        return False


def _header(reader: Any) -> Sequence[str]:
    # As above.
    import csv

    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise ValueError(f"its first line is not a header: {error}") from error


def _checked_rows(reader: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a `csv.DictReader`. Raises ValueError where it would drop a cell, or make one up."""
    # As above.
    import csv

    try:
        doubled = [name for name, times in Counter(_header(reader)).items() if times > 1]
        if doubled:
            raise ValueError(f"the column {doubled[0]!r} comes twice")
        for row in reader:
            # DictReader's marks for more, and for fewer, cells than the header has.
            if None in row or None in row.values():
                raise ValueError(f"line {reader.line_num} has another number of cells than the header")
            if comma := next((text for text in row.values() if _DECIMAL_COMMA.match(text.strip())), None):
                raise ValueError(
                    f"line {reader.line_num} has the cell {comma!r}, with a comma; write numbers with points"
                )
            yield row
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _read_lines(path: Path) -> object:
    # Not splitlines(), which also splits at U+2028, and JSON may hold that.
    return [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        # detectron2 and mmengine call their JSON lines `metrics.json` and `scalars.json`.
        if not error.msg.startswith("Extra data"):
            raise
        return _read_lines(path)


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
