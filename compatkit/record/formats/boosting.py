"""XGBoost's `evals_result`, LightGBM's `record_evaluation`, their estimators: a column a metric, of each set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, free_names, from_columns, is_column

WHY = "a value for each round, in order"
# Sets whose names say what they are; `validation_0`, which scikit-learn's interface gives, does not.
_SETS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val"}


def read(history: object) -> list[Row] | None:
    """Read a row for each boosting round, numbered from 1. Errors stay errors: `merror` is not turned into accuracy.

    Two sets that would get one name keep their own.
    """
    results = getattr(history, "evals_result_", None) or _result_of_xgboost(history)
    if not isinstance(results, Mapping) or not results or not all(map(_is_set, results.items())):
        return None
    return from_columns(_flat(results))


def _flat(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    sets = free_names({name: new for name, new in _SETS.items() if name != new}, results)
    columns: dict[str, Any] = {}
    for set_name, metrics in results.items():
        for metric, column in metrics.items():
            name = f"{sets.get(set_name, set_name)}_{metric}"
            if name in columns:
                raise RecordError.ambiguous_name(name, f"the set {set_name!r}")
            columns[name] = column
    return columns


def _result_of_xgboost(history: object) -> object:
    """XGBoost's estimators have a method; all else is taken for the results themselves."""
    method = getattr(history, "evals_result", None)
    return method() if callable(method) else history


def _is_set(item: tuple[object, object]) -> bool:
    name, metrics = item
    if not isinstance(name, str) or not isinstance(metrics, Mapping) or not metrics:
        return False
    return all(isinstance(metric, str) and is_column(column) for metric, column in metrics.items())
