"""MLflow's digest of a data set leaves out much, and each time the verdict says so; what it looks at needs no note."""

from __future__ import annotations

from typing import Any

import mlflow.data
import numpy as np
import pandas as pd
import polars
import pytest

from compatkit.equivalence.reading.datasets import digest_notes
from compatkit.equivalence.snapshot import Dataset

# MLflow's own call, of which pandas warns, and a hint, with which it would infer no schema.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0"),
    pytest.mark.filterwarnings("ignore:Hint. Inferred schema contains integer"),
]
LONG = np.arange(20_000.0)
WIDE = np.arange(12_000.0).reshape(3_000, 4)


def with_last(array: Any, value: float) -> Any:
    changed = array.copy()
    changed[-1] = value
    return changed


def frame(**columns: Any) -> Any:
    return mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2], **columns}))


def long_frame(column: Any) -> Any:
    return mlflow.data.from_pandas(pd.DataFrame({"a": column}))


def polars_frame(column: Any) -> Any:
    return mlflow.data.from_polars(polars.DataFrame({"a": column}))


def column(values: Any) -> Any:
    return frame(b=values)


def targets(values: Any) -> Any:
    return mlflow.data.from_numpy(WIDE[:2], targets=values)


def arrays(values: Any) -> Any:
    return mlflow.data.from_numpy({"a": WIDE[:2], "b": values})


array = mlflow.data.from_numpy
ENDS = (LONG, with_last(LONG, 9.0))
ROWS = (WIDE, with_last(WIDE, 9.0))
UNSEEN: dict[str, Any] = {
    "rows of a frame": (long_frame, *ENDS),
    "an array": (array, *ENDS),
    "an array of few rows": (array, *ROWS),
    "targets": (targets, *ENDS),
    "one of two arrays": (arrays, *ROWS),
    "flags": (column, [True, False], [True, True]),
    "times": (column, pd.to_datetime(["2020-01-01", "2021-01-01"]), pd.to_datetime(["2020-01-01", "2022-01-01"])),
    "texts with gaps": (column, ["x", None], ["y", None]),
    "lists": (column, [[1], [2]], [[1], [3]]),
    "bytes": (column, [b"x", b"y"], [b"x", b"z"]),
}
SEEN: dict[str, Any] = {
    "numbers": (column, [1, 2], [1, 3]),
    "numbers with gaps": (column, [1.5, None], [2.5, None]),
    "texts": (column, ["x", "y"], ["x", "z"]),
    "an array": (array, WIDE[:9], WIDE[1:10]),
    "a long frame of polars": (polars_frame, *ENDS),
    "flags of polars": (polars_frame, [True, False], [True, True]),
}


def read(given: Any) -> Dataset:
    said = given.to_dict()
    return Dataset(said["digest"], said["schema"] or "", said["profile"] or "")


@pytest.mark.parametrize("what", UNSEEN)
def test_what_the_digest_leaves_out_is_reported(what: str) -> None:
    made, *values = UNSEEN[what]
    before, after = (read(made(value)) for value in values)

    assert before == after
    (note,) = digest_notes({"d#1": before})
    assert "data set d#1" in note
    assert "leaves out: b (" in note or "10,000" in note


@pytest.mark.parametrize("what", SEEN)
def test_of_what_the_digest_looks_at_nothing_is_reported(what: str) -> None:
    made, *values = SEEN[what]
    before, after = (read(made(value)) for value in values)

    assert before.digest != after.digest
    assert digest_notes({"d#1": before, "e#1": after}) == []


def test_a_frame_of_spark_is_known_by_how_it_is_made_alone() -> None:
    (note,) = digest_notes({"d#1": Dataset("0a1b2c3d", "", '{"approx_count": 7}')})

    assert "none of its rows" in note


def test_where_no_schema_tells_the_columns_that_is_reported() -> None:
    (note,) = digest_notes({"d#1": Dataset("0a1b2c3d", "null", '{"num_rows": 7}')})

    assert "no schema" in note


def test_of_many_columns_some_are_named() -> None:
    given = frame(**{f"flag {number}": [True, False] for number in range(9)})

    (note,) = digest_notes({"d#1": read(given)})
    assert "flag 4 (boolean) and 4 more" in note


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"num_rows": "many"}', '{"mlflow_colspec": [1, {}]}', '{"mlflow_colspec": 5}']
)
def test_a_description_of_another_form_is_no_error(text: str) -> None:
    digest_notes({"d#1": Dataset("0a1b2c3d", text, text)})
