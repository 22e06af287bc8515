"""XGBoost's `evals_result`, LightGBM's `record_evaluation`, their estimators: a column a metric, of each set."""

from __future__ import annotations

from collections.abc import Mapping

from compatkit.record.formats._rows import Row, from_columns, is_column

# Sets whose names say what they are; `validation_0`, which scikit-learn's interface gives, does not.
_SETS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val"}


def read(history: object) -> list[Row] | None:
    """Read a row for each boosting round, numbered from 1. Errors stay errors: `merror` is not turned into accuracy."""
    results = getattr(history, "evals_result_", None) or _result_of_xgboost(history)
    if not isinstance(results, Mapping) or not results or not all(map(_is_set, results.values())):
        return None
    return from_columns(
        {
            f"{_SETS.get(name, name)}_{metric}": column
            for name, each in results.items()
            for metric, column in each.items()
        }
    )


def _result_of_xgboost(history: object) -> object:
    """XGBoost's estimators have a method; all else is taken for the results themselves."""
    method = getattr(history, "evals_result", None)
    return method() if callable(method) else history


def _is_set(metrics: object) -> bool:
    return isinstance(metrics, Mapping) and bool(metrics) and all(map(is_column, metrics.values()))
