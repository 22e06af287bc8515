"""DataFrames of pandas and polars: a row an epoch, read as the rows that they hold."""

from __future__ import annotations

from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import delimited, keras, lightning
from compatkit.record.formats._rows import Row, check_rows_are_epochs, is_scalar, placing, plain


def frame_rows(history: Any) -> list[Row] | None:
    """Return the rows of a frame, with plain numbers and without blanks; None for what is no frame.

    Without a column `epoch`, rows are numbered from 1, or by an index of that name. NaN stays, for a loss may be NaN;
    in a frame of Lightning's metrics.csv it is the blank that it was.
    """
    kind = type(history)
    if not hasattr(kind, "columns") or not (hasattr(kind, "to_dicts") or hasattr(kind, "iloc")):
        return None
    if hasattr(kind, "to_dicts"):
        return _numbered(history.to_dicts(), list(history.columns))
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
    return _numbered(rows, list(rows[0]) if rows else names)


def _numbered(rows: list[dict[str, Any]], header: list[str]) -> list[Row]:
    found = [_whole({name: plain(value) for name, value in row.items() if value is not None}) for row in rows]
    filled = [{name: value for name, value in row.items() if value == value} for row in found]
    if lightning.is_csv(filled, header):
        return lightning.read_lightning_csv(filled)
    if not {"epoch", *delimited.COUNTS}.isdisjoint(map(str.lower, header)):
        return delimited.table_rows(found, header)
    check_rows_are_epochs(header)
    if other := next((name for row in found for name, value in row.items() if not is_scalar(value)), None):
        raise RecordError(
            f"The DataFrame has no column `epoch`, and {other!r} holds no numbers: its rows may be runs or trials.",
            where="a DataFrame",
            hint="give it a column `epoch`, or pass df.to_dict('records')",
        )
    placing().because("epoch", "the frame has none: its rows are numbered from 1")
    # As `pandas.DataFrame(history.history)` of Keras has them.
    return keras.rename(({"epoch": number, **row} for number, row in enumerate(found, start=1)), header)


def _whole(row: Row) -> Row:
    """Return the row with whole epochs and steps: a column with a blank holds floats."""
    return {
        name: int(value) if name in {"epoch", "step"} and isinstance(value, float) and value.is_integer() else value
        for name, value in row.items()
    }
