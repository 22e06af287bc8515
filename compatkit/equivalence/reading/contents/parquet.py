"""Parquet by value: the schema, and each column as an array, or row by row where it holds no plain numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.places import below, put
from compatkit.equivalence.snapshot import Content, Tensor

_CELL = 8  # bytes of a number, however few a run of equal ones takes in the file


def read_parquet(path: Path, budget: Budget) -> Content:
    """Return the columns. Raises `ImportError` without pyarrow, and pyarrow's own errors where it is none."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        known = file.metadata
        sizes = [known.row_group(number).total_byte_size for number in range(known.num_row_groups)]
        budget.spend(known.num_columns + 1, size=2 * sum(sizes) + _CELL * known.num_columns * known.num_rows)
        table = file.read(use_threads=False)
    budget.look_at_clock()
    values = {"rows": str(table.num_rows)}
    tensors: dict[str, Tensor] = {}
    for number, column in enumerate(table.columns):
        name = table.column_names[number]
        put(values, below("type", name), str(column.type))
        _add(column, below("column", name), values, tensors, budget)
    return Content("parquet", values, tensors)


def _add(column: Any, place: str, values: dict[str, str], tensors: dict[str, Tensor], budget: Budget) -> None:
    import pyarrow as pa

    kind = column.type
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)) and not column.null_count:
        array = np.array(column.to_numpy())
        tensors[place] = Tensor(array.dtype.name, array)
        return
    for row, value in enumerate(column.to_pylist()):
        budget.spend()
        put(values, f"{place} row {row}", _text(value))


def _text(value: Any) -> str:
    # A document where it is one, in which the order of keys does not count; else as Python shows it, such as a time.
    return value if isinstance(value, str) else json.dumps(value, default=repr, sort_keys=True, ensure_ascii=False)
