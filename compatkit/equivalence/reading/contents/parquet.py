"""Parquet by value: the schema, and each column as an array, or row by row where it holds no plain numbers.

Of what pandas notes beside the schema, the names and ranges of its indexes count; of what others do, all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.flatten_values import below, put
from compatkit.equivalence.snapshot import Content, Tensor

_CELL = 8  # bytes of a number, however few a run of equal ones takes in the file
_ARROW = b"ARROW:schema"  # the schema once more, which is compared itself
# pyarrow counts the columns here.
_FIELD_ID = b"PARQUET:field_id"


def read_parquet(path: Path, budget: Budget) -> Content:
    """Return the columns. Raises `ImportError` without pyarrow, and pyarrow's own errors where it is none."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        known = file.metadata
        sizes = [known.row_group(number).total_byte_size for number in range(known.num_row_groups)]
        budget.spend(known.num_columns + 1, size=2 * sum(sizes) + _CELL * known.num_columns * known.num_rows)
        table = file.read(use_threads=False)
    budget.look_at_clock()
    values = {"rows": str(table.num_rows), "columns": json.dumps(table.column_names)}
    values |= _metadata(table.schema.metadata)
    tensors: dict[str, Tensor] = {}
    for number, column in enumerate(table.columns):
        name = table.column_names[number]
        put(values, below("type", name), str(column.type))
        for key, text in _metadata(table.schema.field(number).metadata).items():
            put(values, f"{below('type', name)} {key}", text)
        _add(column, below("column", name), values, tensors, budget)
    return Content("parquet", values, tensors)


def _metadata(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    said: dict[str, str] = {}
    for key, raw in sorted((metadata or {}).items()):
        if key == b"pandas":
            said |= _indexes(json.loads(raw))
        elif key not in {_ARROW, _FIELD_ID}:
            said[f"metadata {key.decode('utf-8', 'backslashreplace')}"] = raw.decode("utf-8", "backslashreplace")
    return said


def _indexes(frame: Mapping[str, Any]) -> dict[str, str]:
    """Return what pandas notes of its indexes, but for what a frame has that is given none."""
    rows = [
        column for column in frame.get("index_columns", []) if not (isinstance(column, dict) and _is_default(column))
    ]
    names = [index.get("name") for index in frame.get("column_indexes", [])]
    said = {"index": rows, "names of columns": names if any(name is not None for name in names) else []}
    return {what: json.dumps(found, sort_keys=True) for what, found in said.items() if found}


def _is_default(index: Mapping[str, Any]) -> bool:
    return (index.get("start"), index.get("step"), index.get("name")) == (0, 1, None)


def _add(column: Any, place: str, values: dict[str, str], tensors: dict[str, Tensor], budget: Budget) -> None:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        # A category that no row has counts; a chunk of rows may have a dictionary of its own.
        whole = column.unify_dictionaries()
        categories = whole.chunk(0).dictionary if whole.num_chunks else pa.array([], kind.value_type)
        budget.spend(len(categories))
        put(values, f"{place} categories", json.dumps([_text(category) for category in categories.to_pylist()]))
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)) and not column.null_count:
        array = np.array(column.to_numpy())
        tensors[place] = Tensor(array.dtype.name, array)
        return
    for row, value in enumerate(column.to_pylist()):
        budget.spend()
        put(values, f"{place} row {row}", _text(value))


def _text(value: Any) -> str:
    """Return a document, in which the order of keys does not count; a time as ISO 8601, all else as Python shows it."""
    return json.dumps(value, default=_time_or_repr, sort_keys=True, ensure_ascii=False)


def _time_or_repr(value: Any) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else repr(value)
