"""DataFrames of pandas and polars: a row an epoch, read as the rows that they hold."""

from __future__ import annotations

from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import lightning
from compatkit.record.formats._placing import placing
from compatkit.record.formats._rows import Row, plain


def frame_rows(history: Any) -> list[Row] | None:
    """Return the rows of a frame, with plain numbers and without blanks; None for what is no frame.

    Without a column `epoch`, rows are numbered from 1, or by an index of that name. NaN stays, for a loss may be NaN;
    in a frame of Lightning's metrics.csv it is the blank that it was.
    """
    if not hasattr(history, "columns") or not hasattr(history, "schema" if hasattr(history, "to_dicts") else "iloc"):
        return None
    if hasattr(history, "to_dicts"):
        return _numbered(history.to_dicts())
    names = list(history.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise RecordError(
            f"The columns of the DataFrame are {', '.join(map(str, names[:3]))}: not one name each.",
            where="a pandas DataFrame",
            hint="give each column a name of its own, and pass df.to_dict('records')",
        )
    rows = history.to_dict("records")
    if history.index.name == "epoch":
        rows = [{"epoch": plain(epoch), **row} for epoch, row in zip(history.index, rows, strict=True)]
    elif "epoch" not in names and list(history.index) != list(range(len(rows))):
        raise RecordError(
            "The DataFrame has no column `epoch`, and an index that does not count rows from 0.",
            where="a pandas DataFrame",
            hint="call reset_index(), name the index `epoch`, or pass df.to_dict('records')",
        )
    return _numbered(rows)


def _numbered(rows: list[dict[str, Any]]) -> list[Row]:
    found = [{name: plain(value) for name, value in row.items() if value is not None} for row in rows]
    filled = [{name: value for name, value in row.items() if value == value} for row in found]
    if rows and lightning.is_csv([_whole(row) for row in filled], list(rows[0])):
        return lightning.read_csv([_whole(row) for row in filled])
    if any("epoch" in row for row in found):
        return [_whole(row) for row in found]
    placing().because("epoch", "the frame has none: its rows are numbered from 1")
    return [{"epoch": number, **row} for number, row in enumerate(found, start=1)]


def _whole(row: Row) -> Row:
    """Return the row with whole epochs and steps: a column with a blank holds floats."""
    return {
        name: int(value) if name in {"epoch", "step"} and isinstance(value, float) and value.is_integer() else value
        for name, value in row.items()
    }
