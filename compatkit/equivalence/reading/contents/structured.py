"""JSON, YAML, TOML, CSV and TSV by value.

The order of keys, white space, quotes, styles and the spelling of numbers do not count; the order of lists, rows and
columns does, and whether a number is written as an integer or with a point. Two keys of one name are not read. YAML is
read by PyYAML's safe loader, without tags of Python. Where not all cells of a CSV file have quotes, an empty cell with
them is an empty text, and one without is no value: polars, R and PostgreSQL tell them apart."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from compatkit.budget import Budget, load_toml, load_yaml
from compatkit.equivalence.reading.contents.flatten_values import ROOT, below, is_numeral, leaves, number_text, put
from compatkit.equivalence.snapshot import Content


class _Numeral(str):
    """A number as it is written, which no double has rounded yet."""

    __slots__ = ()


def read_json(path: Path, budget: Budget) -> Content:
    """Return the values of a JSON file by place, or of JSON lines, which Ray Tune and others call so.

    Raises `ValueError` or `RecursionError` where it is neither.
    """
    values: dict[str, str] = {}
    try:
        document = parse_json(path.read_bytes(), budget)
    except json.JSONDecodeError:
        # Of another kind than a list of the same documents.
        return replace(read_json_lines(path, budget), kind="json lines")
    _flatten(document, ROOT, values, budget)
    return Content("json", values)


def read_json_lines(path: Path, budget: Budget) -> Content:
    """Return the values of a file with one JSON document a line; empty lines do not count."""
    values: dict[str, str] = {}
    raw = path.read_bytes()
    budget.spend(raw.count(b"\n") + raw.count(b"\r"))
    for number, line in enumerate(line for line in raw.splitlines() if line.strip()):
        _flatten(parse_json(line, budget), f"{ROOT}[{number}]", values, budget)
    return Content("json", values)


def parse_json(raw: bytes, budget: Budget) -> Any:
    """Parse a document, numbers as they are written. Raises `ValueError`."""
    require_few_values(raw, budget)
    return json.loads(
        raw,
        parse_float=_Numeral,
        parse_int=_Numeral,
        parse_constant=_Numeral,
        object_pairs_hook=_object,
    )


def require_few_values(raw: bytes, budget: Budget) -> None:
    """Count what a document may hold, without parsing it. Raises `BudgetError`."""
    budget.spend((raw.count(b",") + raw.count(b"[") + raw.count(b"{")) // 2)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _flatten(value: Any, place: str, values: dict[str, str], budget: Budget) -> None:
    for at, leaf in leaves(value, _inside_json, budget, place=place):
        put(values, at, _json_text(leaf))


def _inside_json(place: str, value: Any) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, dict) and value:
        return ((below(place, key), value[key]) for key in sorted(value))
    if isinstance(value, list) and value:
        return ((f"{place}[{number}]", item) for number, item in enumerate(value))
    return None


def _json_text(value: Any) -> str:
    if isinstance(value, _Numeral):
        # NaN and the infinities, which Python writes and JSON has not.
        return str(value) if value.strip("-") in {"NaN", "Infinity"} else number_text(value)
    return json.dumps(value)


def read_yaml(path: Path, budget: Budget) -> Content:
    """Return the values of a YAML file by place. Raises `ValueError` or `yaml.YAMLError`."""
    values: dict[str, str] = {}
    documents = load_yaml(path.read_bytes(), budget)
    for number, document in enumerate(documents):
        place = ROOT if len(documents) == 1 else f"{ROOT}[document {number}]"
        for at, leaf in leaves(document, _inside_yaml, budget, place=place):
            put(values, at, _yaml_text(leaf))
    return Content("yaml", values)


def read_toml(path: Path, budget: Budget) -> Content:
    """Return the values of a TOML file by place, without its comments. Raises `ValueError`."""
    values: dict[str, str] = {}
    raw = path.read_bytes()
    budget.spend(raw.count(b"\n"))
    require_few_values(raw, budget)
    for at, leaf in leaves(load_toml(raw.decode(), parse_float=_Numeral), _inside_json, budget):
        is_time = isinstance(leaf, datetime.date | datetime.time)
        put(values, at, f"{type(leaf).__name__} {leaf.isoformat()}" if is_time else _toml_text(leaf))
    return Content("toml", values)


def _toml_text(value: Any) -> str:
    # What TOML writes as a float is one, also without a point: 1e5, inf.
    return (
        number_text(value)
        if isinstance(value, _Numeral) and value.strip("+-") not in {"inf", "nan"}
        else json.dumps(value)
    )


def _inside_yaml(place: str, value: Any) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, dict) and value:
        # By the text of the key alone: values need not have an order.
        return sorted(((_key(key, place), item) for key, item in value.items()), key=lambda row: row[0])
    if isinstance(value, list | tuple) and value:
        return ((f"{place}[{number}]", item) for number, item in enumerate(value))
    return None


def _key(key: Any, place: str) -> str:
    return below(place, key) if isinstance(key, str) else f"{place}[{_yaml_text(key)}]"


def _yaml_text(value: Any) -> str:
    """Return a scalar as text that tells its type: 1, 1.0, "1", true, a date."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.date):
        return f"date {value.isoformat()}"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    if isinstance(value, set):
        return f"set {sorted(map(_yaml_text, value))}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_yaml_text, value))})"
    return json.dumps(value)


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
